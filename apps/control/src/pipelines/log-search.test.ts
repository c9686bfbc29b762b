/**
 * Generated logs, as crashes of captures leave them: transactions of many rows, some without an end, heartbeats, epoch records, requests of
 * replaced leaders that arrive late. Every search must give what reading the whole log from its beginning by the rule gives.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit, freshLog, LogScan } from '@lutra/model';
import type { DdlRecord, ResumePosition, LogRecord, LogState, RowEvent, TableSchema } from '@lutra/model';
import { firstPosition, lastPosition, positionAt, positionBefore } from './log-search.js';
import { LogRange } from './log-range.js';

const table: TableSchema = { database: 'shop', name: 't', columns: [], primaryKey: [] };
const sizes = { piece: 8, decisive: 5 };

class Log {
  readonly records: LogRecord[] = [];
  #epoch = 0;
  #seq = 0;

  get #offset(): number {
    return this.records.length;
  }

  newLeader(): void {
    this.#claim((this.#epoch += 1));
  }

  /** An epoch record of somebody who comes too late. */
  lateClaim(): void {
    this.#claim(this.#epoch - 1);
  }

  heartbeat(): void {
    this.#push('heartbeat', this.#seq++, this.#epoch, 0, true);
  }

  /** Of a later level, to be passed by. */
  unknown(): void {
    const header = { kind: 'unknown', log: 'L', seq: this.#seq++, epoch: this.#epoch } as const;
    this.records.push({ offset: this.#offset, header, body: { kind: 'unknown', name: 'later' } });
  }

  transaction(rows: number, whole: boolean): void {
    for (let order = 1; order <= rows; order += 1) this.#push('row', this.#seq++, this.#epoch, order, whole && order === rows);
  }

  /** What the leader before had under way. Its successor writes on: it is the one that leads. */
  late(rows: number): void {
    for (let order = 1; order <= rows; order += 1) this.#push('row', this.#seq + order - 1, this.#epoch - 1, order, order === rows);
    this.heartbeat();
  }

  #claim(epoch: number): void {
    const body = { kind: 'epoch', endpoint: 'a', leader: `x${this.#offset}`, tsMs: 0 } as const;
    this.records.push({ offset: this.#offset, header: { kind: 'epoch', log: '', seq: -1, epoch }, body });
  }

  #push(kind: 'row' | 'heartbeat', seq: number, epoch: number, order: number, last: boolean): void {
    const event = {
      source: { gtid: `g${seq}` },
      transaction: { id: 'x', totalOrder: order, last, seen: {}, end: null },
    } as unknown as RowEvent;
    const position = { file: 'f', pos: 4, gtidSet: null };
    const body =
      kind === 'row'
        ? { kind, table, event }
        : { kind, endpoint: 'a', position, seen: {}, resolutions: 0, publishedThrough: null, tsMs: 0 };
    this.records.push({ offset: this.#offset, header: { kind, log: 'L', seq, epoch }, body });
  }

  /** What a reader of the whole log knows: the positions, and the record of each seq. */
  truth(): {
    readonly positions: readonly Pick<ResumePosition, 'seq' | 'epoch' | 'nextOffset'>[];
    readonly offsets: ReadonlyMap<number, number>;
  } {
    let state: LogState = freshLog;
    const positions = [];
    const offsets = new Map<number, number>();
    for (const { header, body, offset } of this.records) {
      const step = admit(state, header, offset);
      state = step.state;
      if (step.verdict !== 'valid') continue;
      offsets.set(header.seq, offset);
      if (body.kind !== 'row' || body.event.transaction.last)
        positions.push({ seq: header.seq, epoch: header.epoch, nextOffset: offset + 1 });
    }
    return { positions, offsets };
  }

  async *read(from: number, to: number): AsyncGenerator<LogRecord> {
    yield* this.records.slice(from, to);
  }
}

type Piece = readonly ['heartbeat' | 'unknown' | 'newLeader' | 'lateClaim'] | readonly ['whole' | 'partial' | 'late', number];
const piece: fc.Arbitrary<Piece> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constant('whole' as const), fc.integer({ min: 1, max: 20 })) },
  { weight: 2, arbitrary: fc.constant(['heartbeat'] as const) },
  fc.constant(['unknown'] as const),
  fc.tuple(fc.constant('partial' as const), fc.integer({ min: 1, max: 20 })),
  fc.tuple(fc.constant('late' as const), fc.integer({ min: 1, max: 4 })),
  fc.constant(['newLeader'] as const),
  fc.constant(['lateClaim'] as const),
);
const logs = fc.array(piece, { minLength: 1, maxLength: 25 }).map((pieces) => {
  const log = new Log();
  log.newLeader();
  log.newLeader();
  log.heartbeat();
  for (const [what, rows = 0] of pieces) {
    if (what === 'heartbeat' || what === 'unknown' || what === 'lateClaim' || what === 'newLeader') log[what]();
    else if (what === 'whole') log.transaction(rows, true);
    else if (what === 'late') log.late(rows);
    else {
      log.transaction(rows, false);
      log.newLeader(); // a transaction without an end is a leader's that is gone
    }
    if (what === 'newLeader' || what === 'partial') log.heartbeat(); // each leader begins with one
  }
  return log;
});
const bare = (position: ResumePosition | null) => position && { seq: position.seq, epoch: position.epoch, nextOffset: position.nextOffset };

describe('a search in a log', () => {
  it('finds the last position at or before a seq, from any later record on, and what lies between is proven', async () => {
    await fc.assert(
      fc.asyncProperty(logs, fc.nat(), fc.nat(), async (log, to, back) => {
        const { positions, offsets } = log.truth();
        const anchor = positions[to % positions.length]!;
        const seq = back % (anchor.seq + 1);
        const offset = offsets.get(anchor.seq)! - (anchor.seq - seq);
        const ends = { start: 0, end: log.records.length };
        const found = await positionAt(log, ends, { seq, offset, sizes });
        const wanted = positions.findLast((position) => position.seq <= seq) ?? { seq: -1, epoch: -1, nextOffset: 0 };
        expect(bare(found)).toEqual(wanted);
        const range = new LogRange('t', found!, { concerns: () => true });
        for await (const record of log.read(found!.nextOffset, anchor.nextOffset)) range.add(record);
        range.end({ log: 'L', epoch: anchor.epoch, seq: anchor.seq });
      }),
      { numRuns: 1000 },
    );
  });

  it('finds the last position before an offset, wherever retention has cut the log', async () => {
    await fc.assert(
      fc.asyncProperty(logs, fc.nat(), fc.nat(), async (log, at, cut) => {
        const { positions } = log.truth();
        const ends = { start: cut % log.records.length, end: log.records.length };
        const offset = at % (log.records.length + 3);
        const found = await positionBefore(log, ends, offset, sizes);
        const wanted = positions.findLast(({ nextOffset }) => nextOffset <= offset && nextOffset > ends.start);
        if (wanted) expect(bare(found)).toEqual(wanted);
        else if (found) expect(found.nextOffset).toBe(ends.start);
        // Else it is lost: a transaction is cut, or all is behind.
      }),
      { numRuns: 1000 },
    );
  });

  it('finds both ends, wherever retention has cut the log', async () => {
    await fc.assert(
      fc.asyncProperty(logs, fc.nat(), async (log, cut) => {
        const { positions } = log.truth();
        const ends = { start: cut % log.records.length, end: log.records.length };
        const within = positions.filter((position) => position.nextOffset > ends.start);
        if (within.length === 0) return;
        expect(bare(await lastPosition(log, ends, sizes))).toEqual(within.at(-1));
        const first = await firstPosition(log, ends, sizes);
        if (first?.nextOffset === ends.start) {
          // Nothing that is whole lies before it: the first record that counts begins a transaction.
          const next = log.truth().offsets.get(first.seq + 1)!;
          const { body } = log.records[next]!;
          expect(body.kind === 'row' ? body.event.transaction.totalOrder : 1).toBe(1);
          expect(next).toBeGreaterThanOrEqual(ends.start);
          expect([...log.truth().offsets].filter(([seq, offset]) => offset >= ends.start && seq <= first.seq)).toEqual([]);
        } else expect(bare(first)).toEqual(within[0]);
      }),
      { numRuns: 1000 },
    );
  });

  it('does not go before what retention has left', async () => {
    const log = new Log();
    log.newLeader();
    log.transaction(3, true);
    log.transaction(30, true);
    log.transaction(2, true);
    const at = (seq: number, start: number) => positionAt(log, { start, end: log.records.length }, { seq, offset: seq + 1, sizes });
    expect(bare(await at(34, 2))).toMatchObject({ seq: 34 });
    expect(bare(await at(33, 2))).toMatchObject({ seq: 32 });
    expect(bare(await at(20, 2))).toMatchObject({ seq: 2 });
    expect(await at(20, 5)).toBeNull();
    expect(bare(await at(20, 4)), 'the log begins with the first row').toEqual({ seq: 2, epoch: 1, nextOffset: 4 });
  });
});

describe('what cannot be replayed', () => {
  const position: ResumePosition = { log: 'L', epoch: 1, seq: 0, nextOffset: 2, source: null };
  const control = (seq: number, body: object): LogRecord =>
    ({ offset: seq + 1, header: { kind: (body as LogRecord['body']).kind, log: 'L', seq, epoch: 1 }, body }) as LogRecord;
  const rangeOf = (concerns: (record: DdlRecord) => boolean = () => true): LogRange => new LogRange('t', position, { concerns });
  const routes = (...tables: string[]) => ({ kind: 'routes', endpoint: 'a', tables, tsMs: 0 });

  it('is a schema change of a table that the pipeline carries', () => {
    const range = rangeOf((record) => record.statement !== 'ALTER TABLE');
    range.add(control(1, { kind: 'ddl', statement: 'ALTER TABLE' }));
    expect(() => range.add(control(2, { kind: 'ddl', statement: 'TRUNCATE TABLE' }))).toThrow(
      /seq 2 is a schema change \(TRUNCATE TABLE\); rewind to 2 or later/,
    );
  });

  it('is a time in which a table was not in the topic', () => {
    const range = rangeOf();
    range.add(control(1, routes('shop.*', 'crm.*')));
    range.add(control(2, routes('crm.*', 'shop.*')));
    expect(() => range.add(control(3, routes('crm.*')))).toThrow(/seq 3 is a change of the tables/);
  });

  it('is not the position where a table was suspended, but the one where it had left the routes to come back', () => {
    const suspended = [{ database: 'shop', name: 't', code: 'COLUMN_UNSUPPORTED', message: '', where: '', at: 0 }];
    const range = rangeOf();
    range.add(control(1, routes('shop.*')));
    range.add(control(2, { ...routes('shop.*'), suspended }));
    expect(() => range.add(control(3, routes('shop.* except t')))).toThrow(/seq 3 is a change of the tables/);
  });

  it('is a log that is not the one which was applied', () => {
    const range = rangeOf();
    range.add(control(1, routes()));
    expect(() => range.end({ log: 'L', epoch: 1, seq: 2 })).toThrow(expect.objectContaining({ code: 'LOG_TRUNCATED' }));
    expect(() => range.add(control(3, routes()))).toThrow(expect.objectContaining({ code: 'LOG_GAP' }));
  });
});

it('a piece with a hole gives only the positions behind it', () => {
  const log = new Log();
  log.newLeader();
  for (let n = 0; n < 6; n += 1) log.heartbeat();
  const scan = new LogScan();
  for (const record of log.records) if (record.header.seq !== 3) scan.add(record);
  expect(scan.positionAt(5)?.seq).toBe(5);
  expect(scan.positionAt(3)).toBeNull();
});
