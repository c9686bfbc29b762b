/**
 * Where a log goes on when an operator says so. Pure; control tells the consequences with it, capture carries the order out with it.
 *
 * Going forward leaves transactions out: that is what was asked for. Going back would publish again what the log has, under new seqs, and
 * every loader would apply it twice: refused wherever GTIDs tell. Without them nobody can tell, and the person has been told so.
 */
import { SyncError } from '@lutra/model';
import type { Position, RestartStart } from '@lutra/model';
import { gtidUnion, parseGtids } from './gtid.js';
import { commonRanges, describeRanges, withoutRanges } from './gtid-ranges.js';
import type { GtidRange } from './gtid-ranges.js';
import type { SourceState } from './options.js';

export interface RestartPosition {
  readonly position: Position;
  /** The transactions that the log will not have; null where GTIDs do not tell. */
  readonly leftOut: { readonly count: bigint; readonly text: string } | null;
  /** It lies ahead of the log in the same history: what was seen before is seen there too. False also where GTIDs do not tell. */
  readonly isAhead: boolean;
}

type Source = Pick<SourceState, 'gtidMode' | 'executed' | 'file' | 'pos'>;

/**
 * @param log where the log stands; null while it has no position
 * @throws SyncError CONFIG_INVALID
 */
export function restartPosition(start: RestartStart, log: Position | null, source: Source): RestartPosition {
  const position = positionOf(start, log, source);
  if (position.gtidSet === null || !log || log.gtidSet === null || source.executed === null)
    return { position, leftOut: null, isAhead: false };
  const [next, known, executed] = [ranges(position.gtidSet), ranges(log.gtidSet), ranges(source.executed)];
  const twice = describeRanges(withoutRanges(commonRanges(known, executed), next));
  if (twice.count > 0n) {
    throw invalid(
      `the log has ${twice.count} transactions behind that position already and would get them twice (${shortened(twice.text)}); to apply what it has again, rewind the pipelines`,
    );
  }
  const leftOut = describeRanges(withoutRanges(next, known));
  if (start.from === 'after' && leftOut.count === 0n) throw invalid(`the log has ${start.gtid} already, or is beyond it`);
  const isAhead = withoutRanges(known, executed).length === 0;
  return { position, leftOut: { ...leftOut, text: shortened(leftOut.text) }, isAhead };
}

function positionOf(start: RestartStart, log: Position | null, { gtidMode, executed, file, pos }: Source): Position {
  switch (start.from) {
    case 'now':
      return { file, pos, gtidSet: gtidMode ? executed : null };
    case 'position':
      if (gtidMode && log && log.gtidSet !== null)
        throw invalid(
          'the source and the log have GTIDs: name the start by a GTID set; a file and a position would not tell what the log has',
        );
      return { file: start.file, pos: start.pos, gtidSet: null };
    case 'gtid':
      return { file, pos, gtidSet: parseGtids(start.gtidSet, executed ?? '').toString() };
    case 'after':
      if (!log || log.gtidSet === null)
        throw invalid('the log has no GTID set that a GTID could be added to: name the start as a position');
      return { file, pos, gtidSet: gtidUnion(log.gtidSet, start.gtid) };
  }
}

function ranges(set: string): readonly GtidRange[] {
  return parseGtids(set).ranges();
}

/** A set may have thousands of holes. */
function shortened(text: string): string {
  return text.length <= 1000 ? text : `${text.slice(0, 1000)} …`;
}

function invalid(why: string): SyncError {
  return new SyncError('CONFIG_INVALID', `start: ${why}`);
}
