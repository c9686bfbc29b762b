/**
 * The verifications of one channel, under the lease verify/<channel>: follows the order in ZooKeeper, runs its passes, and writes what it
 * found. Whoever takes the lease over goes on behind the tables that have a verdict.
 */
import { randomUUID } from 'node:crypto';
import { tableVerdicts, toSyncError, verificationLevel } from '@lutra/model';
import type { OperationalEvent, VerificationOrder, VerificationResult, VerifiedTable } from '@lutra/model';
import { sleep } from '@lutra/runtime';
import type { PassOptions, Progress } from './pass.js';

export interface VerifierIo {
  readonly channel: string;
  readonly region: string;
  /** Of the cluster, now. */
  level(): number;
  order(): Promise<VerificationOrder | null>;
  result(): Promise<VerificationResult | null>;
  write(result: VerificationResult): Promise<void>;
  /** Rows that an earlier order found are of no use to anybody. */
  forget(request: string): Promise<void>;
  pass(options: Pick<PassOptions, 'order' | 'pass' | 'known' | 'between' | 'tables' | 'signal'>): Promise<readonly VerifiedTable[]>;
  tell(event: OperationalEvent): void;
  /** Rows that were compared since the last call. */
  compared(rows: number): void;
  verdicts(tables: readonly VerifiedTable[]): void;
}

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
    if (!order) return;
    if (known && !this.#result && order.state === 'running') await this.#io.forget(known.request);
    switch (order.state) {
      case 'paused':
        return this.#rest('paused');
      case 'cancelled':
        return this.#cancelled();
      case 'running':
        return this.#run(order);
    }
  }

  async #rest(waitingFor: string): Promise<void> {
    const result = this.#result;
    if (result && result.endedAt === null && result.waitingFor !== waitingFor) await this.#write({ ...result, waitingFor });
  }

  async #cancelled(): Promise<void> {
    const result = this.#result;
    if (result && result.endedAt === null) await this.#write({ ...result, waitingFor: 'cancelled', endedAt: Date.now() });
  }

  async #run(order: VerificationOrder): Promise<void> {
    const before = this.#result;
    if (before && before.endedAt !== null) {
      if (order.repeat === 'once' || Date.now() - before.endedAt < restMs) return;
    }
    const isNext = before === null || before.endedAt !== null;
    const begun = isNext ? begin(order, before) : before;
    await this.#write({ ...begun, waitingFor: null });
    if (isNext) this.#tell('begin');
    try {
      await this.#pass(order, begun);
    } catch (thrown) {
      if (thrown instanceof Interrupted) return this.#write(this.#current);
      if (!this.#signal.aborted) await this.#failed(thrown);
      throw thrown;
    }
  }

  async #pass(order: VerificationOrder, { pass, tables: known }: VerificationResult): Promise<void> {
    const tables = await this.#io.pass({
      order,
      pass,
      known: known.filter(({ verdict }) => verdict !== null),
      between: (progress) => this.#between(progress),
      tables: (now) => this.#tables(now),
      signal: this.#signal,
    });
    await this.#write(fitting({ ...this.#current, tables, waitingFor: null, endedAt: Date.now() }));
    this.#tell('end');
  }

  /** Where it stands, for people; the next run goes on. */
  async #failed(thrown: unknown): Promise<void> {
    const { code, message } = toSyncError(thrown);
    await this.#write({ ...this.#current, waitingFor: `${code}: ${message}`.slice(0, 1_000) }).catch(() => undefined); // told by the caller
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

  /** Queries run for `share` of the time. */
  async #pace(): Promise<void> {
    const share = this.#order?.share ?? 1;
    const busyMs = performance.now() - this.#askedAt;
    if (share < 1) await sleep(Math.min(60_000, (busyMs * (1 - share)) / share), this.#signal);
    this.#askedAt = performance.now();
  }

  /** Pause and cancel take effect between two ranges. */
  async #look(): Promise<void> {
    this.#signal.throwIfAborted();
    if (Date.now() - this.#orderAt < this.#lookMs) return;
    this.#orderAt = Date.now();
    const now = await this.#io.order();
    if (now?.id !== this.#order?.id || now?.state !== 'running') throw new Interrupted();
    this.#order = now;
  }

  async #tables(tables: readonly VerifiedTable[]): Promise<void> {
    const { tables: before, pass } = this.#current;
    this.#result = fitting({ ...this.#current, tables, rowsDone: rowsOf({ tables, pass }) });
    // Tables by the thousand end faster than a result of all of them should be written.
    if (Date.now() - this.#writtenAt >= this.#lookMs) await this.#write(this.#result);
    this.#io.verdicts(tables);
    for (const table of tables) {
      const isNew = table.pass === pass && !before.some((each) => same(each, table) && each.pass === pass);
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
    const { request, pass, tables } = this.#current;
    const { channel, region } = this.#io;
    const count = (verdict: VerifiedTable['verdict']): number => tables.filter((table) => table.verdict === verdict).length;
    this.#io.tell({
      type: 'verification',
      v: 1,
      id: randomUUID(),
      at: Date.now(),
      region,
      channel,
      request,
      pass,
      phase,
      table: found && tableOf(found),
      tables: { equal: count('equal'), different: count('different'), unsettled: count('unsettled'), refused: count('refused') },
    });
  }
}

function begin(order: VerificationOrder, before: VerificationResult | null): VerificationResult {
  return {
    request: order.id,
    pass: (before?.pass ?? 0) + 1,
    tables: before?.tables ?? [],
    repair: null,
    waitingFor: null,
    rowsDone: 0,
    rowsEstimated: null,
    begunAt: Date.now(),
    endedAt: null,
    at: Date.now(),
  };
}

/** ZooKeeper takes 1,000,000 bytes. */
const mostBytes = 900_000;

/** Without notes where they are too many: verdicts and counts have room. */
export function fitting(result: VerificationResult): VerificationResult {
  if (Buffer.byteLength(JSON.stringify(result)) <= mostBytes) return result;
  const tables = result.tables.map((table) => (table.notes.length === 0 ? table : { ...table, notes: table.notes.slice(0, 1).map(cut) }));
  const shorter = { ...result, tables };
  if (Buffer.byteLength(JSON.stringify(shorter)) <= mostBytes) return shorter;
  return { ...result, tables: tables.map((table) => (table.verdict === 'equal' ? { ...table, notes: [] } : table)) };
}

function cut(note: string): string {
  return note.length > 80 ? `${note.slice(0, 80)}…` : note;
}

/** Of the pass. */
function rowsOf({ tables, pass }: Pick<VerificationResult, 'tables' | 'pass'>): number {
  return tables.reduce((sum, table) => sum + (table.pass === pass ? table.rows : 0), 0);
}

function same(a: VerifiedTable, b: VerifiedTable): boolean {
  return a.pipeline === b.pipeline && a.database === b.database && a.table === b.table;
}

function tableOf({ pipeline, database: schema, table, missingHere, missingThere, different, extra, ranges }: VerifiedTable) {
  return { pipeline, schema, table, missingHere, missingThere, different, extra, ranges };
}

/** Verdicts by number, for the metric. */
export function verdictCounts(tables: readonly VerifiedTable[]): readonly (readonly [string, number])[] {
  return tableVerdicts.map((verdict) => [verdict, tables.filter((table) => table.verdict === verdict).length]);
}
