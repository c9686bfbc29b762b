/**
 * The verifications of one channel, under the lease verify/<channel>: follows the order in ZooKeeper, runs its passes and repairs, and
 * writes what became of them. Whoever takes the lease over goes on behind the tables that have a verdict.
 */
import { verificationLevel } from '@lutra/model';
import type { RepairOrder, RepairResult, VerificationOrder, VerificationResult, VerifiedTable } from '@lutra/model';
import { sleep } from '@lutra/runtime';
import type { Progress } from './pass.js';
import { beginRepair, needsRepair, verifiesAgain } from './repair/repair-state.js';
import { begin, cancelled, fitting, rowsOf, sameTable, why, withRoot } from './result.js';
import { repairEvent, verificationEvent } from './verification-events.js';
import type { VerifierIo } from './verifier-io.js';

const pollMs = 1_000;
/** Between two passes of an order that is repeated. */
const restMs = 10_000;

/** The order is another one, or was paused or cancelled: the pass ends where it is. */
class Interrupted extends Error {}

export async function followOrders(io: VerifierIo, signal: AbortSignal): Promise<void> {
  const verifier = new ChannelVerifier(io, signal);
  for (;;) {
    await verifier.step();
    await sleep(pollMs, signal);
  }
}

export class ChannelVerifier {
  readonly #io: VerifierIo;
  readonly #signal: AbortSignal;
  readonly #lookMs: number;
  #result: VerificationResult | null = null;
  /** Of an order before, which may have left something behind at the targets. */
  #left: VerificationResult | null = null;
  #order: VerificationOrder | null = null;
  #writtenAt = 0;
  #orderAt = 0;
  #askedAt = performance.now();
  #rows = 0;
  #table = '';

  /** @param lookMs between two looks at the order while a pass runs, and between two results */
  constructor(io: VerifierIo, signal: AbortSignal, lookMs = pollMs) {
    this.#io = io;
    this.#signal = signal;
    this.#lookMs = lookMs;
  }

  /** Does what the order of now says; resolves when that is done, or it says something else. */
  async step(): Promise<void> {
    if (this.#io.level() < verificationLevel) return; // an older process could not read the result
    const order = (this.#order = await this.#io.order());
    const known = this.#result ?? (await this.#io.result());
    this.#result = known?.request === order?.id ? known : null;
    if (!this.#result) this.#left = known;
    if (this.#left) await this.#clear(order, this.#left);
    if (!order) return;
    switch (order.state) {
      case 'paused':
        return this.#rest('paused');
      case 'cancelled':
        return this.#cancelled();
      case 'running':
        return this.#run(order);
    }
  }

  async #clear(order: VerificationOrder | null, left: VerificationResult): Promise<void> {
    const isNext = order?.state === 'running';
    const isRepairing = left.repair?.endedAt === null;
    if (!isNext && !isRepairing) return;
    try {
      if (isNext) await this.#io.forget(left.request);
      await this.#io.endRepairs(order?.repair?.id ?? null);
    } catch (thrown) {
      if (isNext) await this.#rest(why(thrown), this.#result ?? begin(order, { pass: 0, before: null }));
      throw thrown;
    }
    this.#left = null;
    if (!isNext) await this.#io.write(cancelled(left));
  }

  async #rest(waitingFor: string, result = this.#result): Promise<void> {
    if (result?.endedAt === null && result.waitingFor !== waitingFor) return this.#write({ ...result, waitingFor });
    const repair = result?.repair;
    if (result && repair?.endedAt === null && repair.waitingFor !== waitingFor)
      await this.#write({ ...result, repair: { ...repair, waitingFor } });
  }

  async #cancelled(): Promise<void> {
    const result = this.#result;
    const isRepairing = result?.repair?.endedAt === null;
    if (!result || (result.endedAt !== null && !isRepairing)) return;
    if (isRepairing) await this.#interruptible(() => this.#io.endRepairs(null));
    await this.#write(cancelled(result));
    if (isRepairing) this.#tellRepair('end');
  }

  async #run(order: VerificationOrder): Promise<void> {
    const before = this.#result;
    if (before === null || before.pass === 0) {
      const waitingFor = await this.#io.waitsFor(order);
      if (waitingFor !== null) return this.#rest(waitingFor, before ?? begin(order, { pass: 0, before }));
      // Who was killed while it waited has not told what an order before has left.
      if (before) await this.#interruptible(() => this.#io.endRepairs(order.repair?.id ?? null));
    } else if (before.endedAt !== null) {
      if (needsRepair(order, before)) return this.#repair({ ...order, repair: order.repair }, before);
      if (order.repeat === 'once' || Date.now() - before.endedAt < restMs) return;
    }
    const isNext = before === null || before.pass === 0 || before.endedAt !== null;
    const begun = isNext ? begin(order, { pass: (before?.pass ?? 0) + 1, before }) : before;
    await this.#write({ ...begun, waitingFor: null });
    if (isNext) this.#tell('begin');
    await this.#interruptible(() => this.#pass(order, begun));
  }

  async #interruptible(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      if (thrown instanceof Interrupted) return this.#write(this.#current);
      if (!this.#signal.aborted) await this.#failed(thrown);
      throw thrown;
    }
  }

  async #repair(order: VerificationOrder & { readonly repair: RepairOrder }, before: VerificationResult): Promise<void> {
    const isNew = before.repair?.id !== order.repair.id;
    const repair = isNew ? beginRepair(order.repair) : before.repair;
    await this.#write({ ...before, waitingFor: null, repair: { ...repair, waitingFor: null } });
    if (isNew) this.#tellRepair('begin');
    await this.#interruptible(async () => {
      const look = (isNow?: boolean): Promise<void> => this.#look(isNow);
      const repaired = await this.#io.repair({ order, tables: before.tables, before: repair, look, told: (now) => this.#repaired(now) });
      const again = order.repair.untilEqual ? verifiesAgain(this.#current, repaired) : 'no';
      if (again === 'no') return this.#endRepair(order.repair.id);
      for (let waited = 0; again === 'later' && waited < restMs; waited += pollMs) {
        await this.#look();
        await sleep(pollMs, this.#signal);
      }
      await this.#write(begin(order, { pass: before.pass + 1, before: this.#current }));
      this.#tell('begin');
    });
  }

  async #repaired({
    tables,
    ...counts
  }: Pick<RepairResult, 'repaired' | 'changed' | 'refused' | 'left' | 'files' | 'orphans' | 'waitingFor'> &
    Pick<VerificationResult, 'tables'>) {
    const { repair } = this.#current;
    this.#io.repairedRows(Math.max(0, counts.repaired - (repair?.repaired ?? 0)));
    this.#result = fitting({ ...this.#current, tables, repair: repair && { ...repair, ...counts } });
    this.#io.verdicts(tables);
    if (Date.now() - this.#writtenAt >= this.#lookMs) await this.#write(this.#result);
  }

  async #endRepair(id: string): Promise<void> {
    await this.#io.endRepairs(null);
    const { repair } = this.#current;
    if (repair?.id !== id) return;
    await this.#write({ ...this.#current, repair: { ...repair, waitingFor: null, endedAt: Date.now() } });
    this.#tellRepair('end');
  }

  async #pass(order: VerificationOrder, { pass, tables: known }: VerificationResult): Promise<void> {
    this.#askedAt = performance.now();
    const tables = await this.#io.pass({
      order,
      pass,
      known: known.filter(({ verdict }) => verdict !== null),
      between: (progress) => this.#between(progress),
      look: (isNow) => this.#waited(isNow),
      tables: (now) => this.#tables(now),
      signal: this.#signal,
    });
    await this.#searchRoots(order, { pass, tables });
    await this.#write(fitting({ ...this.#current, tables, waitingFor: null, endedAt: Date.now() }));
    this.#tell('end');
  }

  #searchRoots(order: VerificationOrder, { pass, tables }: Pick<VerificationResult, 'pass' | 'tables'>): Promise<void> {
    return this.#io.searchRoots({
      order,
      pass,
      tables,
      known: this.#current.roots ?? [],
      between: (root) => this.#between({ rows: 0, table: `root ${root}` }),
      searched: async (root) => {
        await this.#write(fitting({ ...this.#current, roots: withRoot(this.#current.roots ?? [], root) }));
        this.#io.foundOrphans(root.orphans);
      },
      signal: this.#signal,
    });
  }

  /** Where it stands, for people; the next run goes on. */
  async #failed(thrown: unknown): Promise<void> {
    const waitingFor = why(thrown);
    const { repair } = this.#current;
    const result = this.#current.endedAt === null ? { waitingFor } : { repair: repair && { ...repair, waitingFor } };
    await this.#write({ ...this.#current, ...result }).catch(() => undefined); // told by the caller
  }

  async #between({ rows, table }: Progress): Promise<void> {
    if (table !== this.#table) [this.#table, this.#rows] = [table, 0];
    this.#io.compared(Math.max(0, rows - this.#rows));
    this.#rows = Math.max(this.#rows, rows);
    await this.#pace();
    await this.#look();
    const rowsDone = rowsOf(this.#current) + rows;
    if (Date.now() - this.#writtenAt >= this.#lookMs) await this.#write({ ...this.#current, rowsDone });
  }

  /** While something is waited for: the servers rest already. */
  async #waited(isNow = false): Promise<void> {
    await this.#look(isNow);
    this.#askedAt = performance.now();
  }

  /** Queries run for `share` of the time. */
  async #pace(): Promise<void> {
    const share = this.#order?.share ?? 1;
    const busyMs = performance.now() - this.#askedAt;
    if (share < 1) await sleep(Math.min(60_000, (busyMs * (1 - share)) / share), this.#signal);
    this.#askedAt = performance.now();
  }

  /** Pause and cancel take effect between two ranges, and while something is waited for. */
  async #look(isNow = false): Promise<void> {
    this.#signal.throwIfAborted();
    if (!isNow && Date.now() - this.#orderAt < this.#lookMs) return;
    this.#orderAt = Date.now();
    const now = await this.#io.order();
    const isSame = now?.id === this.#order?.id && now?.repair?.id === this.#order?.repair?.id;
    if (!isSame || now?.state !== 'running') throw new Interrupted();
    this.#order = now;
  }

  async #tables(tables: readonly VerifiedTable[]): Promise<void> {
    const { tables: before, pass } = this.#current;
    this.#result = fitting({ ...this.#current, tables, rowsDone: rowsOf({ tables, pass }) });
    // Tables by the thousand end faster than a result of all of them should be written.
    if (Date.now() - this.#writtenAt >= this.#lookMs) await this.#write(this.#result);
    this.#io.verdicts(tables);
    for (const table of tables) {
      const isNew = table.pass === pass && !before.some((each) => sameTable(each, table) && each.pass === pass);
      if (isNew && table.files) this.#io.comparedFiles(table.files);
      if (isNew && table.verdict === 'different') this.#tell('found', table);
    }
  }

  get #current(): VerificationResult {
    if (!this.#result) throw new Error('no verification is under way');
    return this.#result;
  }

  async #write(result: VerificationResult): Promise<void> {
    this.#result = { ...result, at: Date.now() };
    await this.#io.write(this.#result);
    this.#writtenAt = Date.now();
  }

  #tell(phase: 'begin' | 'found' | 'end', found: VerifiedTable | null = null): void {
    this.#io.tell(verificationEvent(this.#io, this.#current, { phase, found }));
  }

  #tellRepair(phase: 'begin' | 'end'): void {
    const { repair } = this.#current;
    if (repair) this.#io.tell(repairEvent(this.#io, { ...this.#current, repair }, phase));
  }
}
