/**
 * XA transactions in a binlog, and a capture that is restarted wherever it may be: which rules publish what the server committed, in its
 * order, once? Small and complete: every history of some events with two xids, every set of places where capture begins anew. Decision
 * 0019.
 */

export const xids = ['x', 'y'] as const;
type Xid = (typeof xids)[number];

export type Event =
  | { readonly kind: 'plain'; readonly row: number }
  /** unlogged: by a session that writes no binlog; its outcome is logged all the same. */
  | { readonly kind: 'prepare'; readonly xid: Xid; readonly row: number; readonly unlogged: boolean }
  | { readonly kind: 'commit' | 'rollback'; readonly xid: Xid };

export type History = readonly Event[];

/** What capture does with an XA transaction. */
export type Rule =
  /**
   * Its rows at XA COMMIT: those that are held; else those of the last XA PREPARE under the xid, found backwards, unless an outcome stands
   * between: then it stops.
   */
  | 'search'
  | 'publish at prepare'
  | 'discard at restart'
  | 'search for the xid alone'
  /** Where each was prepared stands in the log; it is written with every second event, as heartbeats are. */
  | 'positions in the log'
  /** Begins anew at the oldest one that is prepared. */
  | 'read again from the oldest';

export interface Outcome {
  readonly published: readonly number[];
  readonly stopped: boolean;
}

export function* histories(length: number, row = 1, open: readonly Xid[] = []): Generator<History> {
  if (length === 0) return yield [];
  const next: [Event, readonly Xid[]][] = [[{ kind: 'plain', row }, open]];
  for (const xid of xids) {
    const others = open.filter((one) => one !== xid);
    if (open.includes(xid)) next.push([{ kind: 'commit', xid }, others], [{ kind: 'rollback', xid }, others]);
    else for (const unlogged of [false, true]) next.push([{ kind: 'prepare', xid, row, unlogged }, [...open, xid]]);
  }
  for (const [event, then] of next) for (const rest of histories(length - 1, row + 1, then)) yield [event, ...rest];
}

/** Rows in the order of their commits; those that stand in no binlog are negative. */
export function committed(history: History): readonly number[] {
  const open = new Map<Xid, number>();
  return history.flatMap((event) => {
    if (event.kind === 'plain') return [event.row];
    if (event.kind === 'prepare') open.set(event.xid, event.unlogged ? -event.row : event.row);
    return event.kind === 'commit' ? [open.get(event.xid)!] : [];
  });
}

/** Bit i of `restarts`: capture begins anew behind event i. Everything before is in the log then. */
export function capture(history: History, restarts: number, rule: Rule): Outcome {
  const published: number[] = [];
  let held = new Map<Xid, number>();
  let kept = new Map<Xid, number>();
  for (let i = 0; i < history.length; i++) {
    const event = history[i]!;
    if (event.kind === 'plain') published.push(event.row);
    if (event.kind === 'prepare' && !event.unlogged) {
      if (rule === 'publish at prepare') published.push(event.row);
      held.set(event.xid, event.row);
    }
    if (event.kind === 'commit' && rule !== 'publish at prepare') {
      const row = held.get(event.xid) ?? (rule === 'discard at restart' ? undefined : found(history.slice(0, i), event.xid, rule));
      if (row === undefined && rule !== 'discard at restart') return { published, stopped: true };
      if (row !== undefined) published.push(row);
    }
    if (event.kind === 'commit' || event.kind === 'rollback') held.delete(event.xid);
    if (i % 2 === 0) kept = new Map(held);
    if ((restarts >> i) % 2 === 0) continue;
    if (rule === 'read again from the oldest') published.push(...again(history.slice(0, i + 1), held));
    held = rule === 'positions in the log' ? new Map(kept) : new Map();
  }
  return { published, stopped: false };
}

function found(before: History, xid: Xid, rule: Rule): number | undefined {
  for (const event of before.toReversed()) {
    if (event.kind === 'plain' || event.xid !== xid) continue;
    if (event.kind === 'prepare') {
      if (!event.unlogged) return event.row;
    } else if (rule !== 'search for the xid alone') return undefined;
  }
  return undefined;
}

/** What stands behind the oldest one that is prepared was published before. */
function again(read: History, held: ReadonlyMap<Xid, number>): readonly number[] {
  const oldest = Math.min(...held.values());
  const from = read.findIndex((event) => event.kind === 'prepare' && event.row === oldest);
  return from === -1 ? [] : read.slice(from).flatMap((event) => (event.kind === 'plain' ? [event.row] : []));
}
