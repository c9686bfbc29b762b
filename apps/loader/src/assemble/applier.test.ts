import type { Checkpoint } from '@lutra/marker';
import type { RowEvent, TableSchema } from '@lutra/model';
import { SyncError } from '@lutra/model';
import type { SqlText, TargetTable } from '@lutra/mysql';
import { describe, expect, it } from 'vitest';
import { Applier } from './applier.js';
import type { RecordPosition } from '../read/log-reader.js';
import type { Skip } from './skip.js';

const table: TableSchema = {
  database: 'shop',
  name: 't',
  columns: [
    { name: 'id', type: 'int' },
    { name: 'v', type: 'varchar', charset: 'utf8mb4', length: 4000 },
  ],
  primaryKey: ['id'],
};
const column = {
  columnType: 'int',
  nullable: false,
  hasDefault: false,
  autoIncrement: false,
  generated: false,
  expression: null,
  onUpdateTimestamp: false,
  unsigned: false,
  charset: null,
  collation: null,
  length: null,
  characters: null,
  precision: null,
  scale: null,
  geometry: null,
  srid: null,
};
const target: TargetTable = {
  database: 'shop',
  name: 't',
  engine: 'InnoDB',
  primaryKey: ['id'],
  uniqueKeys: [],
  foreignKeys: [],
  referenced: false,
  cascades: [],
  prefixKeys: [],
  triggers: 0,
  unguardedTriggers: [],
  firingTriggers: [],
  computed: [],
  changesChildren: false,
  server: { flavor: 'mysql', offsets: true, systemZone: '+00:00' },
  columns: [
    { ...column, name: 'id', type: 'int' },
    {
      ...column,
      name: 'v',
      type: 'varchar',
      columnType: 'varchar(1000)',
      charset: 'utf8mb4',
      collation: 'utf8mb4_bin',
      length: 4000,
      characters: 1000,
    },
  ],
};
const first: Checkpoint = {
  pipeline: 'c.p',
  part: 0,
  lane: 0,
  logId: '',
  logEpoch: -1,
  seq: -1,
  nextOffset: 0,
  gtid: null,
  sourceUs: 0,
  origin: '',
  path: [],
  epoch: 3,
  replayUntil: -1,
};

/** A target that only remembers what it was told. */
function remember() {
  const told: string[] = [];
  const rows = (text: SqlText): number => (text.sql.match(/\(\d+, /g) ?? []).length;
  const writer = {
    commit: async (text: SqlText, checkpoint: Checkpoint, safe?: boolean): Promise<void> =>
      void told.push(`${safe ? 'safe ' : ''}commit ${rows(text)} rows at ${checkpoint.seq} of ${checkpoint.origin}`),
    aside: async () => undefined,
    open: async (_: object, safe?: boolean) => void told.push(safe ? 'safe open' : 'open'),
    chunk: async (text: SqlText) => void told.push(`chunk ${rows(text)} rows`),
    close: async (text: SqlText, checkpoint: Checkpoint) => void told.push(`close ${rows(text)} rows at ${checkpoint.seq}`),
    rollback: async () => void told.push('rollback'),
    observe: () => undefined,
    opened: (): never => {
      throw new Error('nothing is seeded');
    },
  };
  return { told, writer };
}

interface Particulars {
  readonly skip?: Skip;
  readonly replayUntil?: number;
  readonly forwards?: boolean;
  readonly forwarded?: TargetTable;
  readonly targetOf?: () => Promise<null>;
}

function applierOf(
  writer: ReturnType<typeof remember>['writer'],
  routed = true,
  onFailed?: (error: unknown) => void,
  { skip, replayUntil = -1, forwards = false, forwarded, targetOf }: Particulars = {},
) {
  const progress: number[] = [];
  const applier = new Applier({
    checkpoint: { ...first, replayUntil },
    name: 'c.p',
    sourceRegion: 'hangzhou',
    targetRegion: 'california',
    detector: null,
    resolved: new Set(),
    forwards,
    forwarded: forwarded !== undefined,
    tables: { targetOf: targetOf ?? ((source) => (routed ? { source, target: forwarded ?? target, left: null, refused: null } : null)) },
    leftOut: null,
    writer,
    batchBytes: 4_000,
    seeding: {
      prepare: async () => null,
      tickOf: () => null,
      write: async () => undefined,
      replaces: () => false,
      hasClashed: () => false,
      isInRows: () => false,
      awaited: () => null,
      targetOf: async () => target,
      isIn: () => undefined,
    },
    skip: skip ?? null,
    onSkipped: async ({ seq }) => void progress.push(-seq),
    onCommitted: (committed) => progress.push(committed.position.seq),
    ...(onFailed && { onFailed }),
  });
  return { applier, progress };
}

const position = (seq: number): RecordPosition => ({ log: 'L', logEpoch: 1, seq, nextOffset: seq + 1 });
function insert(id: number, options: { last?: boolean; origin?: string; size?: number; path?: readonly string[] } = {}): RowEvent {
  const { last = true, origin = 'hangzhou', size = 1, path = [origin] } = options;
  return {
    op: 'c',
    before: null,
    after: { id, v: 'x'.repeat(size) },
    source: { origin, path, tsUs: 5, gtid: null } as unknown as RowEvent['source'],
    transaction: { id: 'x', totalOrder: 1, last, seen: {}, session: null, end: null },
    tsMs: 0,
  };
}

/** A row whose value cannot be read when its statement is made. */
function unreadable(): { readonly id: number; readonly v: string } {
  let reads = 0;
  return {
    id: 7,
    get v(): string {
      if (++reads > 1) throw new RangeError('Invalid string length');
      return 'x';
    },
  };
}

describe('applying', () => {
  it('merges the transactions of a backlog, and says the last one’s position', async () => {
    const { told, writer } = remember();
    const { applier, progress } = applierOf(writer);
    for (const seq of [0, 1, 2]) await applier.row(table, insert(seq), position(seq));
    await applier.flush();
    await applier.drained();
    expect(told).toEqual(['commit 3 rows at 2 of hangzhou']);
    expect(progress).toEqual([2]);
  });

  it('what control records write of many tables is one target transaction, between rows before and behind it', async () => {
    const { told, writer } = remember();
    const { applier } = applierOf(writer);
    const committed: string[] = [];
    const write = (name: string, seq: number): Promise<void> => {
      const text = { sql: 'VALUES (1, 2)', marks: [{ kind: 'plain' }] } as unknown as SqlText;
      return applier.write({ table: { ...table, name }, text, position: position(seq), committed: () => committed.push(name) });
    };
    await applier.row(table, insert(0), position(0));
    await write('a', 1);
    await write('b', 2);
    applier.passed(position(3));
    expect(committed).toEqual([]);
    await applier.row(table, insert(4), position(4));
    await applier.committed({ ...table, name: 'a' });
    expect(told).toEqual(['commit 1 rows at 0 of hangzhou', 'commit 2 rows at 2 of hangzhou']);
    expect(committed).toEqual(['a', 'b']);
    await write('a', 5);
    await write('b', 6);
    await write('a', 7);
    await applier.committed({ ...table, name: 'a' });
    expect(told.slice(2)).toEqual(['commit 1 rows at 4 of hangzhou', 'commit 2 rows at 6 of hangzhou', 'commit 1 rows at 7 of hangzhou']);
    for (let i = 0; i < 101; i++) await write(`t${i}`, 8 + i);
    await applier.drained();
    expect(told.at(-1)).toBe('commit 100 rows at 107 of hangzhou');
  });

  it('never commits a part of a transaction', async () => {
    const { told, writer } = remember();
    const { applier } = applierOf(writer);
    await applier.row(table, insert(0), position(0));
    await applier.row(table, insert(1, { last: false }), position(1));
    await applier.flush();
    await applier.drained();
    expect(told).toEqual(['commit 1 rows at 0 of hangzhou']);
    await applier.row(table, insert(2), position(2));
    await applier.flush();
    await applier.drained();
    expect(told.at(-1)).toBe('commit 2 rows at 2 of hangzhou');
  });

  it('discards a void transaction', async () => {
    const { told, writer } = remember();
    const { applier } = applierOf(writer);
    await applier.row(table, insert(1, { last: false }), position(1));
    await applier.discard();
    await applier.row(table, insert(2), position(2));
    await applier.flush();
    await applier.drained();
    expect(told).toEqual(['commit 1 rows at 2 of hangzhou']);
  });

  it('keeps transactions of different origins apart', async () => {
    const { told, writer } = remember();
    const { applier } = applierOf(writer);
    await applier.row(table, insert(0), position(0));
    await applier.row(table, insert(1, { origin: 'dublin' }), position(1));
    await applier.flush();
    await applier.drained();
    expect(told).toEqual(['commit 1 rows at 0 of hangzhou', 'commit 1 rows at 1 of dublin']);
  });

  it('writes a large transaction while it arrives, as one', async () => {
    const { told, writer } = remember();
    const { applier } = applierOf(writer);
    await applier.row(table, insert(99), position(0));
    for (let id = 0; id < 8; id += 1) await applier.row(table, insert(id, { last: id === 7, size: 900 }), position(id + 1));
    expect(told[0]).toBe('commit 1 rows at 0 of hangzhou');
    expect(told[1]).toBe('open');
    expect(told.at(-1)).toMatch(/^close \d rows at 8$/);
    expect(told.slice(2).reduce((sum, line) => sum + Number(/(\d) rows/.exec(line)?.[1]), 0)).toBe(8);
  });

  it('rolls a large transaction back when it is void', async () => {
    const { told, writer } = remember();
    const { applier } = applierOf(writer);
    for (let id = 0; id < 8; id += 1) await applier.row(table, insert(id, { last: false, size: 900 }), position(id));
    await applier.discard();
    expect(told.at(-1)).toBe('rollback');
    await applier.row(table, insert(2), position(9));
    await applier.flush();
    await applier.drained();
    expect(told.at(-1)).toBe('commit 1 rows at 9 of hangzhou');
  });

  it('does not write for rows that it does not route, but moves on', async () => {
    const { told, writer } = remember();
    const { applier, progress } = applierOf(writer, false);
    await applier.row(table, insert(0), position(0));
    await applier.flush();
    expect(told).toEqual([]);
    expect(progress).toEqual([0]);
    expect(applier.unrouted).toBe(1);
  });

  it('stops at a transaction that has been here before', async () => {
    const { applier } = applierOf(remember().writer);
    await expect(applier.row(table, insert(1, { origin: 'california' }), position(1))).rejects.toSatisfy(
      (error) => error instanceof SyncError && error.code === 'LOOP_DETECTED',
    );
  });

  describe('what loaders wrote at the source', () => {
    const forwarded = (id: number, ...path: string[]) => insert(id, { origin: path[0]!, path });
    async function applied(forwards: boolean): Promise<{ told: readonly string[]; progress: readonly number[] }> {
      const { told, writer } = remember();
      const { applier, progress } = applierOf(writer, true, undefined, { forwards });
      const events = [insert(0), forwarded(1, 'oregon', 'hangzhou'), forwarded(2, 'california', 'hangzhou'), insert(3)];
      for (const [seq, event] of events.entries()) await applier.row(table, event, position(seq));
      await applier.flush();
      await applier.drained();
      return { told, progress };
    }

    it('is passed by a pipeline that does not forward: its origin brings it', async () => {
      expect(await applied(false)).toEqual({
        told: ['commit 1 rows at 0 of hangzhou', 'commit 1 rows at 3 of hangzhou'],
        progress: expect.arrayContaining([0, 1, 2, 3]),
      });
    });

    it('is refused where another pipeline forwards what the source computed in a session of its own', async () => {
      const { told, writer } = remember();
      const computing: TargetTable = { ...target, computed: [{ what: 'column', name: 'w', expression: 'AS (char_length(`v`)) STORED' }] };
      const { applier } = applierOf(writer, true, undefined, { forwarded: computing });
      const under = (sqlMode: number): RowEvent => {
        const event = insert(1);
        return { ...event, transaction: { ...event.transaction, session: { sqlMode, timeZone: '+08:00', lcTimeNames: 0, collation: 45 } } };
      };
      await applier.row(table, under(0), position(0));
      await expect(applier.row(table, under(2 ** 31), position(1))).rejects.toMatchObject({ code: 'SESSION_UNSUPPORTED' });
      await applier.flush();
      await applier.drained();
      expect(told).toEqual(['commit 1 rows at 0 of hangzhou']);
    });

    it('is applied with its origin by one that forwards, but what comes back through a hub is passed', async () => {
      const { told } = await applied(true);
      expect(told).toEqual(['commit 1 rows at 0 of hangzhou', 'commit 1 rows at 1 of oregon', 'commit 1 rows at 3 of hangzhou']);
    });
  });

  it('saves a position only once: the second time would fail at its own fence', async () => {
    const { told, writer } = remember();
    const { applier } = applierOf(writer);
    await applier.row(table, insert(0), position(0));
    applier.passed(position(1));
    await applier.saveProgress(position(1));
    await applier.drained();
    expect(told).toEqual(['commit 1 rows at 1 of hangzhou']);
    await applier.saveProgress(position(1));
    await applier.saveProgress(position(2));
    await applier.drained();
    expect(told.slice(1)).toEqual(['commit 0 rows at 2 of hangzhou']);
  });

  it('saves the place of rows that it does not route', async () => {
    const { told, writer } = remember();
    const { applier } = applierOf(writer, false);
    await applier.row(table, insert(0), position(0));
    await applier.saveProgress(position(0));
    await applier.drained();
    expect(told).toEqual(['commit 0 rows at 0 of hangzhou']);
  });

  it('tells of a failed commit although nobody asks: no record may come for long', async () => {
    const { writer } = remember();
    const failures: unknown[] = [];
    const failing = { ...writer, commit: () => Promise.reject(new SyncError('TARGET_UNAVAILABLE', 'cut')) };
    const { applier } = applierOf(failing, true, (error) => failures.push(error));
    await applier.row(table, insert(0), position(0));
    await applier.flush();
    await expect.poll(() => failures.length).toBe(1);
  });

  it('tells a failed commit to the next call', async () => {
    const { writer } = remember();
    const { applier } = applierOf({ ...writer, commit: () => Promise.reject(new SyncError('ROW_CONFLICT', 'no')) });
    await applier.row(table, insert(0), position(0));
    await applier.flush();
    await expect(applier.drained()).rejects.toThrow('no');
    await expect(applier.flush()).rejects.toThrow('no');
  });

  it('names the transaction, the table and the key of a row that the target refuses', async () => {
    const { writer } = remember();
    const details = { table: 't' };
    const refused = { changes: { first: 0, count: 1 } };
    const taken = new SyncError('ROW_CONFLICT', 'shop.t: taken', { details, refused });
    const { applier } = applierOf({ ...writer, commit: () => Promise.reject(taken) });
    await applier.row(table, insert(7), position(3));
    await applier.flush();
    await expect(applier.drained()).rejects.toMatchObject({
      message: 'shop.t: taken, id=7 (transaction x, seq 3)',
      details: { ...details, key: 'id=7', seq: 3, log: 'L' },
    });
  });

  it('names the one of several that is refused; those before it take effect, each by itself, and nothing behind it does', async () => {
    const { told, writer } = remember();
    const commit = async (text: SqlText, checkpoint: Checkpoint): Promise<void> => {
      const refused = { changes: { first: 0, count: 1 } };
      if (text.sql.includes('(2, ')) throw new SyncError('ROW_CONFLICT', 'taken', { refused });
      await writer.commit(text, checkpoint);
    };
    const { applier, progress } = applierOf({ ...writer, commit });
    for (const seq of [0, 1, 2, 3]) await applier.row(table, insert(seq), position(seq));
    await applier.flush();
    await expect(applier.drained()).rejects.toMatchObject({ message: 'taken, id=2 (transaction x, seq 2)', details: { seq: 2, log: 'L' } });
    expect(told).toEqual(['commit 1 rows at 0 of hangzhou', 'commit 1 rows at 1 of hangzhou']);
    expect(progress).toEqual([0, 1]);
  });

  it('goes on where several are taken one by one: the last one with the position of all, and each counted once', async () => {
    const { told, writer } = remember();
    const commit = async (text: SqlText, checkpoint: Checkpoint): Promise<void> => {
      if (text.sql.includes('(0, ') && text.sql.includes('(2, ')) throw new SyncError('APPLY_REFUSED', 'not together');
      await writer.commit(text, checkpoint);
    };
    const { applier, progress } = applierOf({ ...writer, commit });
    for (const seq of [0, 1, 2]) await applier.row(table, insert(seq), position(seq));
    applier.passed(position(3));
    await applier.flush();
    await applier.drained();
    const rows = [0, 1, 3].map((seq) => `commit 1 rows at ${seq} of hangzhou`);
    expect(told).toEqual(rows);
    expect(progress).toEqual([0, 1, 3]);
  });

  it('does not try one by one what a lost connection may have committed', async () => {
    const { writer } = remember();
    let commits = 0;
    const commit = async (): Promise<void> => {
      commits += 1;
      throw new SyncError('TARGET_UNAVAILABLE', 'cut');
    };
    const { applier } = applierOf({ ...writer, commit });
    for (const seq of [0, 1]) await applier.row(table, insert(seq), position(seq));
    await applier.flush();
    const error: unknown = await applier.drained().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: 'cut', code: 'TARGET_UNAVAILABLE' });
    expect([commits, (error as SyncError).details['seq']]).toEqual([1, undefined]);
  });

  it('records the transaction that an operator skips instead of applying it, and goes on behind it', async () => {
    const { told, writer } = remember();
    const texts: string[] = [];
    const commit = (text: SqlText, checkpoint: Checkpoint) => (texts.push(text.sql), writer.commit(text, checkpoint));
    const { applier, progress } = applierOf({ ...writer, commit }, true, undefined, { skip: { log: 'L', seq: 1, reason: "it's wrong" } });
    for (const seq of [0, 1, 2]) await applier.row(table, insert(seq), position(seq));
    await applier.flush();
    await applier.drained();
    expect(told).toEqual(['commit 1 rows at 0 of hangzhou', 'commit 0 rows at 1 of hangzhou', 'commit 1 rows at 2 of hangzhou']);
    expect(texts[1]).toMatch(/^INSERT INTO lutra\.skipped .*"op":"c","table":"shop\.t"/);
    expect(progress).toEqual([0, 1, -1, 2]);
  });

  it('applies what was applied before a rewind in safe mode, and never together with what is new', async () => {
    const { told, writer } = remember();
    const { applier } = applierOf(writer, true, undefined, { replayUntil: 1 });
    for (const seq of [0, 1, 2, 3]) await applier.row(table, insert(seq), position(seq));
    await applier.flush();
    await applier.drained();
    expect(told).toEqual(['safe commit 2 rows at 1 of hangzhou', 'commit 2 rows at 3 of hangzhou']);
  });

  it('replays a transaction as a whole, by its first record, also one that is written while it arrives', async () => {
    const { told, writer } = remember();
    const texts: string[] = [];
    const chunk = (text: SqlText) => (texts.push(text.sql), writer.chunk(text));
    const { applier } = applierOf({ ...writer, chunk }, true, undefined, { replayUntil: 8 });
    for (let id = 0; id < 8; id += 1) await applier.row(table, insert(id, { last: id === 7, size: 900 }), position(id + 1));
    expect(told[0]).toBe('safe open');
    expect(texts[0]).toMatch(/ON DUPLICATE KEY UPDATE/);
    for (let id = 0; id < 8; id += 1) await applier.row(table, insert(id, { last: id === 7, size: 900 }), position(id + 9));
    expect(told.filter((line) => line.endsWith('open'))).toEqual(['safe open', 'open']);
  });

  it('names a large transaction that is refused by its first seq, and skips it by that, with as many rows as fit', async () => {
    const { writer } = remember();
    const refused = () => Promise.reject(new SyncError('ROW_CONFLICT', 'taken', { refused: { changes: { first: 1, count: 1 } } }));
    const { applier } = applierOf({ ...writer, chunk: refused });
    const large = async (to: Applier, size: number): Promise<void> => {
      for (let id = 0; id < 9; id += 1) await to.row(table, insert(id, { last: id === 8, size }), position(id + 3));
    };
    await expect(large(applier, 900)).rejects.toMatchObject({
      message: 'taken, id=1 (transaction x, seq 3)',
      details: { seq: 3, log: 'L' },
    });
    const { told, writer: next } = remember();
    const texts: string[] = [];
    const commit = (text: SqlText, checkpoint: Checkpoint) => (texts.push(text.sql), next.commit(text, checkpoint));
    const skipping = applierOf({ ...next, commit }, true, undefined, { skip: { log: 'L', seq: 3, reason: 'no' } });
    await large(skipping.applier, 700_000);
    expect(told).toEqual(['commit 0 rows at 11 of hangzhou']);
    expect(texts[0]).toContain('{"cut":5}]');
    expect(texts[0]).toMatch(/, 11, NULL\)/);
    expect(skipping.progress).toEqual([11, -3]);
  });

  it('a row that cannot be written at all names its transaction; what waits before it is applied first', async () => {
    const { told, writer } = remember();
    const keyless = { ...table, primaryKey: [] };
    const { applier } = applierOf(writer, true, undefined, { replayUntil: 9 });
    await expect(applier.row(keyless, insert(1), position(4))).rejects.toMatchObject({
      code: 'APPLY_REFUSED',
      details: { seq: 4 },
    });
    const behind = applierOf(writer, true, undefined, { replayUntil: 9 }).applier;
    await behind.row(table, insert(1), position(4));
    await expect(behind.row(keyless, insert(1), position(5))).rejects.toMatchObject({ code: 'APPLY_REFUSED', details: { seq: 5 } });
    expect(told).toEqual(['safe commit 1 rows at 4 of hangzhou']);
  });

  it.each([
    ['a value that no server takes', { id: 7, v: '\ud800' }, 'VALUE_UNSUPPORTED'],
    ['whatever nobody foresaw', unreadable(), 'INTERNAL'],
  ])('%s names its transaction, table and key, and is skipped by that', async (_, after, code) => {
    const { told, writer } = remember();
    const { applier } = applierOf(writer);
    const bad = { ...insert(7), after };
    await applier.row(table, insert(6, { last: false }), position(3));
    await expect(applier.row(table, bad, position(4))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(/shop\.t.*id=7.*seq 4/),
      details: { log: 'L', seq: 4, database: 'shop', table: 't', key: 'id=7' },
    });
    const skipping = applierOf(writer, true, undefined, { skip: { log: 'L', seq: 4, reason: 'no' } }).applier;
    const small = { ...bad, after: { id: 7, v: 'x'.repeat(2_000_000) } };
    await skipping.row(table, insert(6, { last: false }), position(3));
    await skipping.row(table, small, position(4));
    expect(told).toEqual(['commit 0 rows at 4 of hangzhou']);
  });

  it('what names its table alone is given the key of the row', async () => {
    const { writer } = remember();
    const targetOf = () => Promise.reject(new SyncError('SESSION_UNSUPPORTED', 'shop.t: another zone', { details: { table: 't' } }));
    await expect(applierOf(writer, true, undefined, { targetOf }).applier.row(table, insert(7), position(4))).rejects.toMatchObject({
      details: { seq: 4, table: 't', key: 'id=7' },
    });
  });

  it('what fails outside a statement names the transaction too: a table that is not there, a commit that breaks', async () => {
    const { writer } = remember();
    const missing = () => Promise.reject(new SyncError('TABLE_MISSING', 'shop.t is missing', { details: { table: 't' } }));
    const without = applierOf(writer, true, undefined, { targetOf: missing }).applier;
    await expect(without.row(table, insert(1), position(4))).rejects.toMatchObject({
      code: 'TABLE_MISSING',
      details: { seq: 4, log: 'L' },
    });
    const commit = () => Promise.reject(new RangeError('Array buffer allocation failed'));
    const broken = applierOf({ ...writer, commit }).applier;
    await broken.row(table, insert(1), position(4));
    await broken.flush();
    await expect(broken.drained()).rejects.toMatchObject({ code: 'INTERNAL', details: { seq: 4, log: 'L' } });
  });

  it('rows that nobody can write are recorded, where their transaction is skipped', async () => {
    const { told, writer } = remember();
    const texts: string[] = [];
    const commit = (text: SqlText, checkpoint: Checkpoint) => (texts.push(text.sql), writer.commit(text, checkpoint));
    const targetOf = () => Promise.reject(new SyncError('COLUMN_MISSING', 'shop.t: column v is missing'));
    const skip = { log: 'L', seq: 3, reason: 'no' };
    const { applier } = applierOf({ ...writer, commit }, true, undefined, { skip, targetOf });
    await applier.row(table, insert(5, { last: false }), position(3));
    await applier.row(table, insert(6), position(4));
    expect(told).toEqual(['commit 0 rows at 4 of hangzhou']);
    expect(texts[0]).toMatch(/"id":5.*"id":6/s);
    await expect(applier.row(table, insert(7), position(5))).rejects.toMatchObject({ code: 'COLUMN_MISSING' });
  });

  it('records of a large value that is skipped how large it is, and of its row the key', async () => {
    const { writer } = remember();
    const texts: string[] = [];
    const commit = async (text: SqlText) => void texts.push(text.sql);
    const { applier } = applierOf({ ...writer, commit }, true, undefined, { skip: { log: 'L', seq: 4, reason: 'no' } });
    await applier.row(table, { ...insert(7), after: { id: 7, v: Buffer.alloc(30_000_000) } }, position(4));
    expect(texts[0]).toContain('"after":{"id":7,"v":{"cut":30000000}}');
  });
});
