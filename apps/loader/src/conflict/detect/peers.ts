/**
 * The logs of the regions that write the same tables: the target's own, and those of third regions. Whether a conflict key was changed
 * there after what a transaction had seen; and, while locks are held, that everything which can concern them has been read.
 */
import type { During } from '@lutra/runtime';
import { type LogPosition, type Seen, type Suspension, SyncError, type TableName, toSyncError } from '@lutra/model';
import { sleep, throwIfAborted } from '@lutra/runtime';
import type { Metrics } from '@lutra/telemetry';
import type { Drop } from '../drops/drops.js';
import { PeerLog } from './peer-log.js';
import { behind, earliest, positionIn } from './peer.js';
import type { Peer } from './peer.js';
import { AppliedHere } from './watermark.js';
import type { Watermark } from './watermark.js';
import type { KeyValues } from './recent-changes.js';

export interface PeersOptions {
  /** The target's own first, for each pipeline that carries its changes back; none where tables flow one way only. */
  readonly peers: readonly Peer[];
  readonly watermark: Pick<Watermark, 'write' | 'query' | 'close'>;
  readonly name: string;
  readonly metrics: Pick<Metrics, 'watermarkSeconds' | 'conflictIndexKeys'>;
  /** For what it has waited for long already; null: no more. */
  onWaiting(what: string | null): void;
  /** While it is waited for. @throws SyncError CONFIG_BEHIND where the configuration has it no more: nothing would end the wait */
  requireWanted(peer: Peer): void;
  readonly during: During;
  readonly signal: AbortSignal;
}

/** How long locks may be held for it, and how long without. */
const lockedPatienceMs = 3_000;
const patienceMs = 10_000;
/** A large transaction holds its locks for long in any case. */
const largePatienceMs = 30_000;
const causalPollMs = 20;

export class Peers {
  readonly #options: PeersOptions;
  readonly #logs = new Map<Peer, PeerLog>();
  readonly #applied: AppliedHere;
  /** Settled when nobody opens a log. */
  #opening: Promise<unknown> = Promise.resolve();

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#applied = new AppliedHere(options.watermark);
  }

  /** There is nobody else whose changes count. */
  get none(): boolean {
    return this.#options.peers.length === 0;
  }

  /**
   * Before anything is locked: the logs are read from where transactions with this `seen` need it, up to their ends.
   * @throws SyncError CAPTURE_BEHIND, CONFLICT_HISTORY_LOST, KAFKA_*, TARGET_*, ABORTED
   */
  open(seen: readonly Seen[]): Promise<void> {
    // The reader of the log may ask while a commit is under way.
    const opened = this.#opening.then(() => this.#open(seen));
    this.#opening = opened.catch(() => undefined); // whoever asked has it from `opened`
    return opened;
  }

  async #open(seen: readonly Seen[]): Promise<void> {
    for (const peer of this.#options.peers) {
      const positions = seen.map((one) => positionIn(one, peer));
      const open = this.#logs.get(peer);
      if (!open || positions.some((position) => open.seenBy(position) === null)) await this.#reopen(peer, positions);
    }
  }

  /**
   * B's update of A's row must not come before A's insert: waits until what a transaction had seen of third regions has been applied here.
   * Before it waits, `makeWay` commits all that came before the transaction, control records too. Counter-example without: B's loader here
   * waits for a transaction of C that C's loader holds back, together with one that had seen B's; or for a watermark of C, which nobody
   * writes down while C's loader waits for B.
   * @throws SyncError as open
   */
  async follow(seen: Seen, makeWay: () => Promise<void>): Promise<void> {
    let waited = false;
    for (const peer of this.#options.peers) {
      const position = positionIn(seen, peer);
      const { pipeline } = peer;
      if (pipeline === null || !position || this.#applied.covers(pipeline, position)) continue;
      await this.open([seen]);
      // Of a log that was made anew since: nobody applies the old one any more.
      if (this.#log(peer).id !== position.log || (await this.#applied.reaches(pipeline, position))) continue;
      if (!waited) await makeWay();
      waited = true;
      const what = `what the pipeline from ${peer.region} has not applied here yet (up to seq ${position.seq} of its log)`;
      const lasts = setTimeout(() => this.#options.onWaiting(what), patienceMs);
      try {
        await this.#options.during(what, async () => {
          while (!(await this.#applied.reaches(pipeline, position))) {
            this.#options.requireWanted(peer);
            await sleep(causalPollMs, this.#options.signal);
          }
        });
      } finally {
        clearTimeout(lasts);
      }
    }
    if (waited) this.#options.onWaiting(null);
  }

  /**
   * While locks are held. `needed`: false if nothing that could come to light would change what is done.
   * @throws SyncError CAPTURE_BEHIND after `withinMs`: the locks must go
   */
  async complete(needed: boolean, withinMs = lockedPatienceMs): Promise<void> {
    if (!needed || this.none) return;
    const startedAt = performance.now();
    const token = this.#own.length > 0 ? await this.#options.watermark.write() : '';
    for (const peer of this.#options.peers) {
      const log = this.#log(peer);
      if (peer.pipeline === null) await log.watermark(token, withinMs);
      else await log.reached((await this.#applied.seqIn(log.id, peer.pipeline)) ?? -1, withinMs);
    }
    this.#options.metrics.watermarkSeconds.observe({ name: this.#options.name }, (performance.now() - startedAt) / 1000);
  }

  /**
   * What was committed at the target so far has been read, too. `isOpen`: locks are held by a large transaction.
   * @throws SyncError as open; CAPTURE_BEHIND where locks are held
   */
  async upToNow({ seen, isOpen }: { readonly seen: Seen; readonly isOpen: boolean }): Promise<void> {
    await this.open([seen]);
    if (!isOpen) return this.caughtUp();
    const own = this.#own;
    const token = own.length > 0 ? await this.#options.watermark.write() : '';
    for (const peer of own) await this.#log(peer).watermark(token, largePatienceMs);
  }

  /** Holding nothing, until the target's capture publishes again. A run that ended instead could not begin anew while ZooKeeper is away. */
  async caughtUp(): Promise<void> {
    for (const own of this.#own) await this.#options.during(behind(own), () => this.#ownCaughtUp(own));
  }

  async #ownCaughtUp(own: Peer): Promise<void> {
    const { watermark, onWaiting, signal } = this.#options;
    for (let told = false; ;) {
      try {
        await this.#log(own).watermark(await watermark.write(), patienceMs);
        if (told) onWaiting(null);
        return;
      } catch (error) {
        throwIfAborted(signal);
        if (toSyncError(error).code !== 'CAPTURE_BEHIND') throw error;
        this.#options.requireWanted(own);
        told = true;
        onWaiting(behind(own));
      }
    }
  }

  /** Nothing was changed anywhere that anybody could ask about: the usual case where one side writes. */
  get quiet(): boolean {
    for (const log of this.#logs.values()) if (log.recentChanges.size > 0) return false;
    return true;
  }

  /** The seq of the last change, in whichever log, that `seen` does not cover. */
  changedAfter(conflictKey: string, seen: Seen): number | null {
    let last: number | null = null;
    for (const [peer, log] of this.#logs) {
      const changed = log.recentChanges.changedAfter(conflictKey, seenIn(log, peer, seen));
      if (changed !== null) last = Math.max(last ?? -1, changed);
    }
    return last;
  }

  /** The rows whose changes, in whichever log, had to do with it and are not covered by `seen`. */
  concurrentChanges(conflictKey: string, seen: Seen): readonly KeyValues[] {
    return [...this.#logs].flatMap(([peer, log]) => log.recentChanges.concurrentChanges(conflictKey, seenIn(log, peer, seen)));
  }

  /** Every conflict key that was changed in some log after `seen`. */
  *changedSince(seen: Seen): Iterable<string> {
    for (const [peer, log] of this.#logs) yield* log.recentChanges.changedSince(seenIn(log, peer, seen));
  }

  /** Whether the target itself has changed it since. */
  changedHere(conflictKey: string, seen: Seen): boolean {
    return this.#own.some((peer) => {
      const log = this.#logs.get(peer);
      return log !== undefined && log.recentChanges.changedAfter(conflictKey, seenIn(log, peer, seen)) !== null;
    });
  }

  /** A table of the target that its own log has left out after what `seen` covers: what was changed here is not known. */
  leftOut(table: TableName, seen: Seen): Suspension | null {
    for (const [peer, log] of this.#logs) {
      // For each change: nearly always nothing is left out.
      if (peer.pipeline !== null || log.leftOut.none) continue;
      const found = log.leftOut.of(table, seenIn(log, peer, seen));
      if (found) return found;
    }
    return null;
  }

  /** The target has dropped nothing that anybody could ask about: nearly always. Asked for each row. */
  get dropless(): boolean {
    for (const { drops } of this.#logs.values()) if (!drops.none) return false;
    return true;
  }

  /**
   * What the target's own log says was dropped of a table behind what `seen` covers. Of who has seen nothing of that log nobody knows what
   * it has seen of the target: a log has a past, in which a table may have been dropped and made before anything flowed back.
   */
  dropped(table: TableName, seen: Seen, isThere: boolean): readonly Drop[] {
    return [...this.#logs].flatMap(([peer, log]) => {
      const position = positionIn(seen, peer);
      if (peer.pipeline !== null || log.drops.none || position?.log !== log.id || !peer.log.tells(table)) return [];
      return log.drops.of(table, position.seq, isThere);
    });
  }

  /** Committed: what comes has seen at least as much. */
  discard(seen: Seen): void {
    let keys = 0;
    for (const [peer, log] of this.#logs) {
      log.discard(seenIn(log, peer, seen));
      keys += log.recentChanges.size;
    }
    this.#options.metrics.conflictIndexKeys.set({ name: this.#options.name }, keys);
  }

  async close(): Promise<void> {
    for (const log of this.#logs.values()) log.close();
    await this.#options.watermark.close();
  }

  async #reopen(peer: Peer, positions: readonly (LogPosition | undefined)[]): Promise<void> {
    this.#logs.get(peer)?.close();
    this.#logs.delete(peer);
    const { during, watermark } = this.#options;
    const { topic, bus } = peer.log;
    const kafka = `Kafka of region ${peer.region} (${bus.brokers.join(', ')}), which has topic ${topic}`;
    const log = await during(kafka, () => PeerLog.open(peer.log, earliest(positions)));
    this.#logs.set(peer, log);
    if (peer.pipeline === null) await during(behind(peer), () => log.caughtUp(() => watermark.write(), patienceMs));
  }

  get #own(): readonly Peer[] {
    return this.#options.peers.filter(({ pipeline }) => pipeline === null);
  }

  #log(peer: Peer): PeerLog {
    const log = this.#logs.get(peer);
    if (log) return log;
    throw new SyncError('INTERNAL', `the log of ${peer.region} is not open`);
  }
}

/** Seq up to which a transaction had seen a log; −1: nothing, or less than the index of recent changes can tell. */
function seenIn(log: PeerLog, peer: Peer, seen: Seen): number {
  return log.seenBy(positionIn(seen, peer)) ?? -1;
}
