/**
 * Waits until everything that was on its way has arrived: what stood in the binlog of each side when it is called is applied at the other.
 * Called after both sides were read, never before. Counter-example to taking the positions first: the source writes behind its position,
 * source and target are read, and the row that is on its way differs in each look although nobody waits for it.
 *
 * Where rows flow both ways it is done twice: home may refuse a change that it applies, and its resolution stands in its binlog behind the
 * position that was taken.
 *
 * A position backup says up to where a source is published, and at which seq; a loader's status says up to which seq all is applied.
 */
import { fileNumber } from '@lutra/model';
import type { FilePosition } from '@lutra/model';
import { sleep } from '@lutra/runtime';

/** One pipeline. */
export interface Way {
  /** `<channel>.<pipeline>` */
  readonly name: string;
  readonly uid: string;
  /** Endpoints. */
  readonly source: string;
  readonly target: string;
}

export interface BinlogEnd extends FilePosition {
  /** Which server said it; null: it has no uuid. */
  readonly server: string | null;
}

export interface Published {
  readonly position: FilePosition;
  readonly server: string | null;
  readonly log: string;
  readonly seq: number;
}

/** What a loader or a capture says of itself. */
export interface Said {
  readonly state: string;
  readonly log: string | null;
  readonly seq: number | null;
  readonly error: string | null;
  /** At which schema change it holds; null or left out: it does not. */
  readonly holdsAt?: string | null;
}

export interface CrossingIo {
  /** The end of the endpoint's binlog file, now. */
  end(endpoint: string): Promise<BinlogEnd>;
  /** Acknowledged by Kafka; null: not known yet. */
  published(endpoint: string): Promise<Published | null>;
  capture(endpoint: string): Promise<Said | null>;
  loader(way: Way): Promise<Said | null>;
}

export interface CrossingOptions {
  readonly ways: readonly Way[];
  readonly twoWay: boolean;
  /** Of one round. */
  readonly withinMs?: number;
  readonly pollMs?: number;
  /** At each look; ends it by throwing. */
  readonly look?: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** Heartbeats of an idle source are ten seconds apart. */
const patienceMs = 90_000;
const lookMs = 500;

/** Null: all has arrived. Else why it has not. */
export async function untilCrossed(io: CrossingIo, options: CrossingOptions): Promise<string | null> {
  for (let round = 0; round < (options.twoWay ? 2 : 1); round++) {
    const ends = new Map<string, BinlogEnd>();
    for (const { source } of options.ways) ends.set(source, await io.end(source));
    const reasons = await Promise.all(options.ways.map((way) => untilApplied(io, { way, end: ends.get(way.source)! }, options)));
    const reason = reasons.find((text) => text !== null);
    if (reason) return reason;
  }
  return null;
}

/** Why nothing arrives by these, as it is now; null: none of them stands. */
export async function standstill(io: Pick<CrossingIo, 'capture' | 'loader'>, ways: readonly Way[]): Promise<string | null> {
  for (const way of ways) {
    const stopped =
      stoppedAt(`capture of endpoint ${way.source}`, await io.capture(way.source)) ??
      stoppedAt(`pipeline ${way.name}`, await io.loader(way));
    if (stopped) return stopped.why;
  }
  return null;
}

interface Awaited {
  readonly way: Way;
  readonly end: BinlogEnd;
}

async function untilApplied(io: CrossingIo, awaited: Awaited, options: CrossingOptions): Promise<string | null> {
  const until = Date.now() + (options.withinMs ?? patienceMs);
  for (;;) {
    await options.look?.();
    const missing = await look(io, awaited);
    if (missing === null) return null;
    if (missing.isFinal || Date.now() > until) return missing.why;
    await sleep(options.pollMs ?? lookMs, options.signal);
  }
}

interface Missing {
  readonly why: string;
  /** Waiting does not help. */
  readonly isFinal: boolean;
}

async function look(io: CrossingIo, { way, end }: Awaited): Promise<Missing | null> {
  const published = await io.published(way.source);
  const isSame = published !== null && (published.server === null || end.server === null || published.server === end.server);
  if (!published || !isSame || !reaches(published.position, end)) {
    const stopped = stoppedAt(`capture of endpoint ${way.source}`, await io.capture(way.source));
    const what = isSame ? `has not published its binlog up to ${end.file}:${end.pos} in time` : 'publishes the binlog of another server';
    return stopped ?? { why: `endpoint ${way.source} ${what}`, isFinal: false };
  }
  const said = await io.loader(way);
  if (said?.log === published.log && said.seq !== null && said.seq >= published.seq) return null;
  const why = `pipeline ${way.name} has not applied the log up to seq ${published.seq} in time`;
  return stoppedAt(`pipeline ${way.name}`, said) ?? { why, isFinal: false };
}

/** Of the same server's files. */
function reaches(position: FilePosition, end: FilePosition): boolean {
  const [at, to] = [fileNumber(position.file), fileNumber(end.file)];
  return at > to || (at === to && position.pos >= end.pos);
}

/** A person's answer ends it: whatever is behind the schema change waits for that, and so would whoever waits for it. */
export function heldText(what: string, { seq, holdsAt }: Pick<Said, 'seq' | 'holdsAt'>): string {
  const at = seq === null ? '' : ` behind seq ${seq}`;
  return `${what} holds${at} at ${holdsAt ?? 'a schema change'}, until that is answered`;
}

function stoppedAt(what: string, said: Said | null): Missing | null {
  if (said?.state === 'held') return { why: heldText(what, said), isFinal: true };
  if (!said || !['failed', 'paused', 'stopped'].includes(said.state)) return null;
  const at = said.seq === null ? '' : ` at seq ${said.seq}`;
  const why = said.state === 'paused' ? `${what} is paused${at}` : `${what} stopped${at}${said.error === null ? '' : `: ${said.error}`}`;
  return { why, isFinal: true };
}
