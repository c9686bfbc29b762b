/** What a restart or a reset of an endpoint means, in words, for the person who must accept it. Pure. */
import type { RestartPosition } from '@lutra/binlog';
import { pipelineName, rowsTopic } from '@lutra/model';
import type { ChannelDocument, Position, RestartStart } from '@lutra/model';
import type { Problem } from '../configuration/problem.js';
import type { Asked } from './source-position.js';

export interface EndpointUse {
  readonly endpoint: string;
  /** Channels with a pipeline that reads the endpoint. */
  readonly readers: readonly ChannelDocument[];
}

export function restartConsequences(
  use: EndpointUse,
  between: { readonly start: RestartStart; readonly log: Position | null },
  asked: Asked,
): readonly Problem[] {
  const later = between.start.from === 'now' ? [untilThen] : [];
  return [readersOf(use), asked.position ? betweenPositions(between.log, asked.position) : notAsked(asked.why), ...later];
}

const inLineWithPosition = 'Bring the targets in line with that position by hand, or seed them.';

const untilThen = warning(
  'until-then',
  'what the source commits until capture carries the order out is left out as well',
  'Let nobody write meanwhile, or name the position by a GTID set.',
);

export function resetConsequences(
  use: EndpointUse,
  topic: { readonly start: number; readonly end: number } | null,
  { start, asked }: { readonly start: RestartStart; readonly asked: Asked },
): readonly Problem[] {
  const name = rowsTopic(use.endpoint);
  const what = topic
    ? `topic ${name} is deleted with all that it has (offsets ${topic.start} to ${topic.end}); what no loader has applied yet is applied by none`
    : `topic ${name} is not there; a new log is made`;
  const paths = pipelinesOf(use).map(({ channel, pipeline }) => `POST /api/v1/channels/${channel}/pipelines/${pipeline}/restart`);
  const begins =
    start.from === 'now'
      ? 'the new log begins where the source is when capture starts next'
      : asked.position
        ? `the new log begins at ${printed(asked.position.position)}`
        : notAsked(asked.why).what;
  return [
    warning('log-deleted', what, null),
    warning(
      'readers-begin-anew',
      'every reader of the topic, loaders and your own consumers, must begin anew in a log with another id',
      paths.length === 0 ? null : `Restart each pipeline: ${paths.join(', ')}`,
    ),
    warning(
      'begins-elsewhere',
      `${begins}; what was committed before that and is not at the targets will be missing there`,
      inLineWithPosition,
    ),
  ];
}

function pipelinesOf({ endpoint, readers }: EndpointUse): readonly { readonly channel: string; readonly pipeline: string }[] {
  return readers.flatMap((channel) =>
    channel.pipelines.filter(({ source }) => source === endpoint).map(({ name }) => ({ channel: channel.name, pipeline: name })),
  );
}

function readersOf(use: EndpointUse): Problem {
  const ids = pipelinesOf(use).map(({ channel, pipeline }) => pipelineName(channel, pipeline));
  if (ids.length === 0) return warning('readers', 'no channel reads this endpoint; the order waits until one does', null);
  const waits = use.readers.every(({ state }) => state === 'stopped')
    ? '; their channels are stopped: the order waits until one starts'
    : '';
  return warning('readers', `what the log leaves out reaches none of the pipelines that read it: ${ids.join(', ')}${waits}`, null);
}

/** The position of the log is the one that capture noted last: it may be a little further. */
function betweenPositions(log: Position | null, { position, leftOut }: RestartPosition): Problem {
  const ways = `the log stands at ${log ? printed(log) : 'no position that is known'} and goes on at ${printed(position)}`;
  if (!leftOut) {
    const forward = 'forward, the transactions between the two will be missing in the log';
    const back = 'back, those that the log has are published again, and the loaders apply them twice or stop at them';
    return warning('places', `${ways}; GTIDs do not tell what lies between: if it goes ${forward}; if it goes ${back}`, inLine);
  }
  if (leftOut.count === 0n) return warning('places', `${ways}; no transaction is left out`, null);
  const what = `${ways}; left out, unless the log got them since, are ${leftOut.count} transactions: ${leftOut.text}`;
  return warning('transactions-left-out', what, inLine);
}

const inLine = 'Bring the targets in line with what is left out by hand, or seed them.';
const inLineThen = 'The verification and the repair that follow find it.';

/** The same where a verification and a repair follow. */
export function healing(problem: Problem): Problem {
  return problem.fix === inLine || problem.fix === inLineWithPosition ? { ...problem, fix: inLineThen } : problem;
}

function notAsked(why: string): Problem {
  return warning('source-not-asked', `the source could not be asked whether it can be read from there (${why}); capture will see`, null);
}

function printed({ file, pos, gtidSet }: Position): string {
  if (gtidSet === null) return `${file}:${pos}`;
  return `GTID set "${gtidSet.length <= 1000 ? gtidSet : `${gtidSet.slice(0, 1000)} …`}"`;
}

function warning(id: string, what: string, fix: string | null): Problem {
  return { id, severity: 'warning', what, fix };
}
