/**
 * Logs of a source with known transactions: where a pipeline begins behind a dump must part what the dump has from what it has not, or be
 * refused.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { replicationFingerprint } from '@lutra/model';
import type { Announced, ControlRecord, ResumePosition, LogRecord, RowEvent, TableSchema } from '@lutra/model';
import { ddlRecord } from '../ddl/ddl-record.fixture.js';
import { positionOfDump, positionWithin } from './dump-position.js';
import type { DumpPosition } from './dump-position.js';
import { uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';

const uuid = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const table: TableSchema = { database: 'shop', name: 't', columns: [], primaryKey: [] };
const pipeline = { uid: uidOf('c.p'), id: 'c.p', routes: [{ schema: 'shop', table: 't' }], forwards: false };
const sizes = { piece: 6, decisive: 3 };
const set = (upTo: number): string => (upTo === 0 ? '' : `${uuid}:1-${upTo}`);
const at = (n: number) => ({ file: `binlog.${String(1 + Math.floor(n / 7)).padStart(6, '0')}`, pos: 100 + (n % 7) * 10 });

class Log {
  readonly records: LogRecord[] = [];
  #epoch = 0;
  #seq = 0;
  /** Transactions of the source that were read. */
  read = 0;

  newLeader(announced: Partial<Announced> = {}): void {
    this.#epoch += 1;
    const offset = this.records.length;
    const body = { kind: 'epoch', endpoint: 'a', leader: `l${offset}`, tsMs: 0 } as const;
    this.records.push({ offset, header: { kind: 'epoch', log: '', seq: -1, epoch: this.#epoch }, body });
    this.heartbeat();
    this.control({
      kind: 'routes',
      endpoint: 'a',
      revision: 1,
      write: 'aaaaaaaaaaaa',
      tables: ['shop.*'],
      pipelines: {},
      names: {},
      server: null,
      tsMs: 0,
      ...announced,
    });
  }

  heartbeat(): void {
    this.control({ kind: 'heartbeat', endpoint: 'a', position: this.position, seen: {}, resolutions: 0, publishedThrough: null, tsMs: 0 });
  }

  get position() {
    return { ...at(this.read), gtidSet: set(this.read) };
  }

  transaction(rows: number): void {
    this.read += 1;
    const gtid = `${uuid}:${this.read}`;
    for (let order = 1; order <= rows; order += 1) {
      const transaction = { id: gtid, totalOrder: order, last: order === rows, seen: {}, end: order === rows ? at(this.read) : null };
      this.#push('row', { kind: 'row', table, event: { source: { gtid }, transaction } as unknown as RowEvent });
    }
  }

  control(body: ControlRecord): void {
    this.#push(body.kind, body);
  }

  #push(kind: LogRecord['header']['kind'], body: LogRecord['body']): void {
    this.records.push({ offset: this.records.length, header: { kind, log: 'L', seq: this.#seq++, epoch: this.#epoch }, body });
  }

  begin(dump: DumpPosition, { start = 0, newest = null as Announced | null } = {}): Promise<ResumePosition> {
    const pieces = { read: (from: number, to: number) => this.#slice(from, to) };
    return positionOfDump(pieces, { start, end: this.records.length }, { topic: 't', dump, pipeline, newest, sizes });
  }

  within(place: DumpPosition, { start = 0 } = {}): Promise<ResumePosition | null> {
    const pieces = { topic: 't', read: (from: number, to: number) => this.#slice(from, to) };
    return positionWithin(pieces, { start, end: this.records.length }, place, sizes);
  }

  async *#slice(from: number, to: number): AsyncGenerator<LogRecord> {
    yield* this.records.slice(from, to);
  }

  /** The transactions whose last row stands behind a position. */
  behind(position: ResumePosition): readonly number[] {
    return this.records
      .slice(position.nextOffset)
      .flatMap(({ body }) => (body.kind === 'row' && body.event.transaction.last ? [Number(body.event.transaction.id.split(':')[1])] : []));
  }
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 4 }) }, // a transaction with so many routed rows
  { weight: 2, arbitrary: fc.constant('heartbeat' as const) },
  fc.constant('newLeader' as const),
);

function logOf(steps: readonly (number | 'heartbeat' | 'newLeader')[]): Log {
  const log = new Log();
  log.newLeader();
  for (const one of steps)
    if (typeof one === 'number') log.transaction(one);
    else log[one]();
  log.heartbeat();
  return log;
}

const refused = (what: RegExp) => expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(what) });

describe('a place of the source in the log', () => {
  it('has all behind it that it does not have itself, and nothing before it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat(), async (steps, cut) => {
        const log = logOf(steps);
        const upTo = 1 + (cut % (log.read + 1));
        for (const place of [{ gtidSet: set(upTo) }, at(upTo)]) {
          const position = await log.within(place);
          const all = log.behind({ ...position!, nextOffset: 0 });
          expect(log.behind(position!)).toEqual(all.filter((number) => number > upTo));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('ends before the first transaction that it lacks, though it has later ones', async () => {
    const log = logOf([1, 1, 'heartbeat', 1, 1]);
    expect(log.behind((await log.within({ gtidSet: `${uuid}:1-2:4` }))!)).toEqual([3, 4]);
  });

  it('is none where retention has removed it, or nothing of the log lies within', async () => {
    const log = logOf([1, 'heartbeat', 1, 'heartbeat', 1, 'heartbeat', 1]);
    const start = log.records.findIndex(({ body }) => body.kind === 'row' && body.event.source.gtid === `${uuid}:3`);
    expect(await log.within({ gtidSet: set(1) }, { start })).toBeNull();
    const later = new Log();
    later.read = 5;
    later.newLeader();
    await expect(later.within({ gtidSet: set(3) })).rejects.toEqual(refused(/nothing of the log lies within/));
  });
});

describe('the beginning behind a dump', () => {
  it('parts what the dump has from what it has not, by GTIDs and by positions', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat(), async (steps, cut) => {
        const log = logOf(steps);
        const upTo = cut % (log.read + 1);
        for (const dump of [{ gtidSet: set(upTo) }, at(upTo)]) {
          if ('gtidSet' in dump && dump.gtidSet === '') continue;
          const position = await log.begin(dump);
          const all = log.behind({ ...position, nextOffset: 0 });
          expect(log.behind(position)).toEqual(all.filter((number) => number > upTo));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is none where the log has not come so far, begins later, or retention has removed it', async () => {
    const log = logOf([1, 2, 'heartbeat', 3, 'newLeader', 2]);
    await expect(log.begin({ gtidSet: set(9) })).rejects.toEqual(refused(/has not come to that position yet/));
    await expect(log.begin({ file: 'binlog.000009', pos: 4 })).rejects.toEqual(refused(/has not come to that position yet/));
    await expect(log.begin({ gtidSet: `${set(2)},${uuid.replace('3', '4')}:7` })).rejects.toEqual(refused(/never had/));
    const later = new Log();
    later.read = 5;
    later.newLeader();
    later.transaction(1);
    later.heartbeat();
    await expect(later.begin({ gtidSet: set(3) })).rejects.toEqual(refused(/begins at .*1-5/));
    await expect(log.begin({ gtidSet: set(1) }, { start: 9 })).rejects.toMatchObject({ code: 'LOG_START_LOST' });
  });

  it('is none where the dump is of no moment of the source', async () => {
    const log = logOf([1, 1, 1, 1]);
    await expect(log.begin({ gtidSet: `${uuid}:1-2:4` })).rejects.toEqual(refused(/no position of this source/));
  });

  it('is none where the log does not hold the tables from there on, or something was left out behind it', async () => {
    const log = logOf([1]);
    log.newLeader({ tables: ['crm.*'] });
    log.transaction(1);
    log.newLeader();
    log.transaction(1);
    log.heartbeat();
    await expect(log.begin({ gtidSet: set(1) })).rejects.toEqual(refused(/did not hold all tables of c\.p/));
    const [before, after] = [logOf([1]), logOf([1])];
    before.newLeader({ tables: ['crm.*'], pipelines: { [pipeline.uid]: 'the routes before the table was added' } });
    before.transaction(0);
    before.newLeader();
    before.heartbeat();
    await expect(before.begin({ gtidSet: set(1) })).rejects.toEqual(refused(/did not hold all tables of c\.p/));
    expect((await before.begin({ gtidSet: set(2) })).seq).toBeGreaterThan(0);
    after.newLeader({ tables: [], pipelines: { [pipeline.uid]: replicationFingerprint(pipeline) } });
    after.heartbeat();
    expect((await after.begin({ gtidSet: set(1) })).seq).toBeGreaterThan(0);
    const tsMs = 0;
    for (const body of [
      ddlRecord({ position: { ...at(2), gtidSet: set(2) } }),
      { kind: 'restart', endpoint: 'a', id: 'x', position: { ...at(2), gtidSet: set(2) }, seen: {}, reason: '', tsMs },
    ] as const) {
      const passed = logOf([1]);
      passed.read += 1;
      passed.control(body);
      passed.heartbeat();
      await expect(passed.begin({ gtidSet: set(1) })).rejects.toEqual(refused(/schema change|restart/));
      expect((await passed.begin({ gtidSet: set(2) })).seq).toBeGreaterThan(0);
    }
  });

  it('knows the tables by the copy where retention has removed what the log said of them, if nothing has changed since', async () => {
    const log = logOf([1, 'heartbeat', 1, 'heartbeat', 1]);
    const newest = { revision: 1, write: 'aaaaaaaaaaaa', tables: ['shop.t'], pipelines: {}, names: {} };
    const start = log.records.findIndex(({ body }) => body.kind === 'row');
    await expect(log.begin({ gtidSet: set(2) }, { start })).rejects.toEqual(refused(/retention/));
    expect(log.behind(await log.begin({ gtidSet: set(2) }, { start, newest }))).toEqual([3]);
    log.newLeader();
    await expect(log.begin({ gtidSet: set(2) }, { start, newest })).rejects.toEqual(refused(/retention/));
  });
});
