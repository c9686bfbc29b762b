/**
 * Applies source transactions where the target takes writes of its own. The naive way compares before images; counter-example: A writes v0
 * → a → v0 while B writes v0 → b. At A the row is what B says it was, so A takes b; at B home wins, B ends with v0.
 *
 * So: write, but do not commit; the locks are held now. Ask the target's capture to publish all that was committed before (watermark), and
 * read it. Whatever anyone did to these rows and unique values before is known then, and what comes later waits for our locks. No conflict:
 * COMMIT. Else ROLLBACK, and each source transaction comes alone; the one that meets the conflict is settled row by row (settlement.ts).
 * docs/decisions/0008-conflicts.md has the whole protocol.
 */
import { checkpointStatement } from '@lutra/marker';
import type { Checkpoint } from '@lutra/marker';
import { toSyncError } from '@lutra/model';
import type { Seen } from '@lutra/model';
import { differing, StatementBuilder, uncommittedText } from '@lutra/mysql';
import type { ApplyConnection, Change, Result } from '@lutra/mysql';
import { nameFailure } from '../failure.js';
import { Attempts } from './attempts.js';
import { clashes } from './concurrency.js';
import { requireTold } from './left-out.js';
import { endingAt, endOfGroup, membersOf } from './members.js';
import type { Batch, Member } from './members.js';
import type { GuardOptions } from './guard-options.js';
import { GuardedStream } from './guarded-stream.js';
import { applyRemedies } from './remedy.js';
import type { Remedy } from './remedy.js';
import { askFor } from './resources.js';
import { Settling } from './settling.js';
import type { Decided } from './settling.js';

const noSuspects: ReadonlySet<Member> = new Set();

export class Guard {
  /** For transactions that are too large to hold. */
  readonly stream: GuardedStream;
  readonly #options: GuardOptions;
  readonly #attempts: Attempts;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#attempts = new Attempts(options);
    this.stream = new GuardedStream(options);
  }

  /**
   * Commits source transactions whose statements are given, in one target transaction; where some met a conflict, those alone and the
   * others together.
   * @throws SyncError TABLE_SUSPENDED, ROW_CONFLICT (policy stop), CAPTURE_BEHIND, CONFLICT_WINDOW_LOST, SESSION_UNSUPPORTED, and as
   * TargetWriter.commit
   */
  async commit(given: Batch): Promise<void> {
    const batch = { ...given, members: endingAt(given.members, given.checkpoint) };
    const { tables } = this.#options;
    for (const { changes } of batch.members) for (const change of changes) tables.requireSession(change);
    await askFor(batch.members.flatMap(({ changes }) => changes.flatMap((change) => tables.images(change))));
    await this.#options.peers.open(batch.members.map(({ event }) => event.transaction.seen));
    await this.#apart(batch.members, await this.#tried(batch));
    this.#seen(batch.members);
  }

  /** See Peers.follow. */
  follow(seen: Seen, makeWay: () => Promise<void>): Promise<void> {
    return this.#options.peers.follow(seen, makeWay);
  }

  /** What home made of rows, in one target transaction. */
  async remedies(remedies: readonly Remedy[], checkpoint: Checkpoint): Promise<void> {
    const { peers, collations, remedyTables } = this.#options;
    await peers.open(remedies.map(({ seen }) => seen));
    await this.#attempts.retried(async () => {
      const startedAt = performance.now();
      const connection = await this.#attempts.begin(checkpoint);
      await applyRemedies({ connection, peers, collations, tables: remedyTables }, remedies);
      await this.#attempts.commit(connection, startedAt);
    });
  }

  /** Where a conflict is known already nothing is tried. */
  async #tried(batch: Batch): Promise<ReadonlySet<Member>> {
    const known = this.#clashing(batch.members);
    return known.size > 0 ? known : this.#attempts.retried(() => this.#together(batch));
  }

  #clashing(members: readonly Member[]): ReadonlySet<Member> {
    if (this.#options.peers.quiet) return noSuspects;
    return new Set(
      members.filter(({ changes, event }) => changes.some((change) => clashes(change, event.transaction.seen, this.#options))),
    );
  }

  /** Committed, or rolled back because of these members: somebody else's change is in their way. */
  async #together({ statements, first, members, checkpoint }: Batch): Promise<ReadonlySet<Member>> {
    const startedAt = performance.now();
    const connection = await this.#options.writer.ready();
    let results: readonly Result[];
    try {
      results = await connection.run(uncommittedText(checkpointStatement(checkpoint), statements));
    } catch (error) {
      const { code, outcome, details } = toSyncError(error);
      // Another refusal is one member's, too: each is settled, and the bad one is named.
      if (code !== 'ROW_CONFLICT' && outcome === 'stop' && members.length > 1) return new Set(members);
      if (code !== 'ROW_CONFLICT') throw error;
      return membersOf(members, [Number(details['change']) - first]);
    }
    const completed = this.#complete(connection, members);
    const [differ] = await Promise.all([differing(statements, results), completed]); // while the watermark is on its way
    for (const { changes, event } of members) requireTold(changes, event.transaction.seen, this.#options.peers);
    const unlike = differ.map((change) => change - first);
    const suspects = new Set([...membersOf(members, unlike), ...this.#clashing(members)]);
    if (suspects.size > 0) {
      await connection.rollback();
      return suspects;
    }
    await this.#attempts.commit(connection, startedAt);
    return noSuspects;
  }

  /** In their order: suspects are settled, some of them in one target transaction; what lies between is tried together once more. */
  async #apart(members: readonly Member[], suspects: ReadonlySet<Member>): Promise<void> {
    if (suspects.size === 0) return;
    for (let from = 0; from < members.length;) {
      const found = members.findIndex((member, i) => i >= from && suspects.has(member));
      const suspect = found < 0 ? members.length : found;
      await this.#again(members.slice(from, suspect));
      const end = endOfGroup(members, suspect, suspects);
      await this.#settle(members.slice(suspect, end));
      from = end;
    }
  }

  async #again(members: readonly Member[]): Promise<void> {
    const last = members.at(-1);
    if (!last) return;
    const builder = new StatementBuilder({ exact: true });
    for (const { changes } of members) for (const change of changes) builder.add(change);
    const batch = { statements: builder.take(), first: 0, members, checkpoint: last.checkpoint };
    await this.#apart(members, await this.#tried(batch));
  }

  /** What is refused in a group is tried alone: those before it take effect, and it is named. */
  async #settle(group: readonly Member[]): Promise<void> {
    const [first] = group;
    if (!first) return;
    try {
      for (const { conflicts, member } of await this.#attempts.retried(() => this.#settleTogether(group)))
        this.#options.onConflicts(conflicts, member);
    } catch (error) {
      const { code, outcome } = toSyncError(error);
      if (group.length > 1 && outcome === 'stop' && code !== 'TABLE_SUSPENDED') {
        for (const member of group) await this.#settle([member]);
        return;
      }
      const { event, place } = first;
      if (group.length > 1) throw error;
      throw nameFailure(error, { changes: { first: 0, list: [] }, log: place.log, seq: place.seq, event });
    }
  }

  async #settleTogether(group: readonly Member[]): Promise<readonly Decided[]> {
    const startedAt = performance.now();
    const last = group.at(-1);
    if (!last) return [];
    const connection = await this.#attempts.begin(last.checkpoint);
    const settling = new Settling(connection, this.#options);
    await settling.lock(group.flatMap(({ changes }) => changes));
    const decided: Decided[] = [];
    for (const member of group) {
      await settling.settle(member.changes, member.event.transaction.seen);
      decided.push(settling.record(member));
    }
    await settling.write();
    await this.#attempts.commit(connection, startedAt);
    return decided;
  }

  /** The locks are held. What home sends to a table with policy `home` is taken in any case, so nothing must be known. */
  async #complete(connection: ApplyConnection, members: readonly Member[]): Promise<void> {
    const { rules, tables, peers } = this.#options;
    const taken = (change: Change): boolean => {
      const table = tables.of(change);
      return !table || (rules.sourceIsHome && table.rule.policy === 'home');
    };
    try {
      await peers.complete(!members.every(({ changes }) => changes.every(taken)));
    } catch (error) {
      await connection.rollback();
      throw error;
    }
  }

  #seen(members: readonly Member[]): void {
    const last = members.at(-1);
    if (last) this.#options.peers.forget(last.event.transaction.seen);
  }
}
