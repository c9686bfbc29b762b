import type { ChunkRecord, SeedRecord, Suspension, TableName } from '@lutra/model';
import { createRouter, replicationFingerprint, SyncError } from '@lutra/model';
import { noCounts } from '@lutra/mysql';
import type { SeedPart, TableToCreate } from '@lutra/mysql';
import { describe, expect, it } from 'vitest';
import type { LoaderWork } from '../assignments.js';
import { column, targetTable } from '../../../../libs/mysql/src/changes.fixture.js';
import { uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import { Seeding } from './seeding.js';
import { leftOf } from './seed-stages.js';
import { Seeds } from './seeds.js';

const uid = uidOf('c.p');
const work = {
  id: 'c.p',
  uid,
  channel: 'c',
  routes: [{ schema: 'shop', table: '*', to: { schema: 'copy' } }],
  source: { region: 'a' },
  target: { region: 'b' },
  forwards: false,
  detector: null,
} as unknown as LoaderWork;

const at = { seq: 9 };
const record = (more: Partial<SeedRecord> = {}): SeedRecord => ({
  kind: 'seed',
  endpoint: 'e',
  pipelines: [uid],
  request: 'one',
  database: 'shop',
  table: 't',
  phase: 'begin',
  definition: 'CREATE TABLE `t` (`a` int)',
  ends: [],
  onExisting: 'source',
  tsMs: 1,
  ...more,
});

function seedingOf({ isThere = false, suspended = '', isWhole = true, parts = [] as readonly SeedPart[], replayUntil = -1 } = {}) {
  const seeds = new Seeds({ uid, region: 'a' }, parts);
  const asked: TableToCreate[] = [];
  const created: TableName[] = [];
  const unticked: TableName[] = [];
  const none = async (): Promise<never> => {
    throw new SyncError('INTERNAL', 'nothing is written here');
  };
  const seeding = new Seeding({
    work,
    seeds,
    writer: { ready: none, used: none, observe: none, commit: none, open: none, chunk: none, close: none, rollback: none, drop: none },
    pieceBytes: 1,
    target: { host: 'h', port: 1, user: 'u', password: '' },
    port: {
      createTable: async (_, table) => {
        asked.push(table);
        return !isThere;
      },
      missingTables: async (_, tables) => (isThere ? [] : tables),
      isSeedWhole: async () => isWhole,
      untickSeeds: async (_, __, tables) => void unticked.push(...tables),
      awaitSeedNoMore: async () => undefined,
    },
    matcher: {
      targetOf: (source) => ({ source, target: targetTable([column('a')]), left: null, refused: null }),
      discard: () => undefined,
    },
    detection: null,
    checkpoint: { pipeline: uid, part: 0, epoch: 1, replayUntil },
    load: none,
    isSuspended: ({ name }) => name === suspended,
    onCreated: (table) => created.push(table),
    onPassed: () => undefined,
  });
  return { seeding, seeds, asked, created, unticked };
}

describe('a record that a table begins or ends to be seeded', () => {
  it('is passed if it is for others, not routed, or of a suspended table', async () => {
    const { seeding, asked } = seedingOf({ suspended: 'out' });
    for (const more of [{ pipelines: [uidOf('c.q')] }, { database: 'crm' }, { table: 'out' }])
      expect(await seeding.step(record(more), at)).toBeNull();
    expect(asked).toEqual([]);
  });

  it('creates the table where it is missing, names mapped, and raises its state', async () => {
    const { seeding, seeds, asked, created } = seedingOf();
    const step = await seeding.step(record(), at);
    expect(step).toMatchObject({ isCreated: true, text: { sql: expect.stringContaining("'copy', 't'") } });
    expect([asked[0]?.target, created]).toEqual([{ database: 'copy', name: 't' }, [{ database: 'copy', name: 't' }]]);
    expect(asked[0]?.targetOf({ database: 'shop', name: 'parent' })).toEqual({ database: 'copy', name: 'parent' });
    expect(asked[0]?.targetOf({ database: 'crm', name: 'parent' })).toBeNull();
    expect(seeds.replaces({ database: 'shop', name: 't' })).toBe(true);
  });

  it('is told again: what was ticked off is not any more if the target has lost the table', async () => {
    for (const isThere of [true, false]) {
      const { seeding, unticked } = seedingOf({ isThere });
      await seeding.step(record(), at);
      expect(unticked).toEqual([]);
      await seeding.step(record(), at);
      expect(unticked).toEqual(isThere ? [] : [{ database: 'shop', name: 't' }]);
    }
  });

  it('creates nothing without a definition, and is no creation where the table is there', async () => {
    const without = seedingOf();
    expect(await without.seeding.step(record({ definition: null }), at)).toMatchObject({ isCreated: false });
    expect(without.asked).toEqual([]);
    expect(await seedingOf({ isThere: true }).seeding.step(record(), at)).toMatchObject({ isCreated: false });
  });

  it('a chunk without rows is ticked off unseen only of a table that was created, or found, by its definition', async () => {
    const part = { part: 0, from: null, to: null };
    const chunk = { ...record(), kind: 'chunk', id: 'i', purpose: 'seed', part, keys: [], rows: 0, seen: {} };
    const tickOf = ({ seeding }: ReturnType<typeof seedingOf>, more: object = {}) =>
      seeding.tickOf({ ...chunk, ...more } as unknown as ChunkRecord);
    const made = seedingOf();
    expect(tickOf(made)).toBeNull();
    await made.seeding.step(record(), at);
    expect(tickOf(made)).toMatchObject({ sql: expect.stringContaining('is_whole = 1') });
    for (const more of [{ rows: 1 }, { purpose: 'repair', part: null }, { request: 'two' }, { pipelines: [] }, { table: 'u' }])
      expect(tickOf(made, more)).toBeNull();
    const found = seedingOf();
    await found.seeding.step(record({ definition: null }), at);
    expect(tickOf(found)).toBeNull();
  });

  it('ends its own order only', async () => {
    const { seeding, seeds } = seedingOf();
    const table = { database: 'shop', name: 't' };
    await seeding.step(record(), at);
    await seeding.step(record({ table: 'u', request: 'older' }), at);
    const late = await seeding.step(record({ phase: 'end', request: 'older' }), at);
    expect(seeds.of(table)).toMatchObject({ request: 'one' });
    expect(late?.text.sql).not.toContain('request <>');
    expect(await seeding.step(record({ phase: 'end' }), at)).toMatchObject({ text: { sql: expect.stringContaining("state = 'done'") } });
    // What of others is left is over there, and here.
    expect(seeds.tables).toEqual([]);
    await seeding.step(record(), at);
    expect(await seeding.step(record({ phase: 'cancel' }), at)).toMatchObject({ text: { sql: expect.stringContaining("'cancelled'") } });
  });

  // Capture wrote the end when all was ticked off; it is read behind the routes that made the ticks void.
  it('does not end a table of which what was ticked off does not count any more', async () => {
    const table = { database: 'shop', name: 't' };
    for (const isWhole of [true, false]) {
      const { seeding, seeds } = seedingOf({ isThere: true, isWhole });
      await seeding.step(record(), at);
      await seeding.untick([table]);
      expect((await seeding.step(record({ phase: 'end' }), at)) === null).toBe(!isWhole);
      expect(seeds.of(table) === null).toBe(isWhole);
      expect(await seeding.step(record({ phase: 'cancel' }), at)).not.toBeNull();
      expect(seeds.of(table)).toBeNull();
    }
  });

  it('is asked for at its end where it was under way before the run', () => {
    const table = { database: 'shop', name: 't' };
    const at = { part: 0, cursor: null, end: null, place: null, counts: noCounts, begunAt: 0, endedAt: null };
    const part = { table, target: table, request: 'r', onExisting: 'source', state: 'seeding', ...at } as const;
    for (const isWhole of [true, false]) expect(new Seeds({ uid, region: 'a' }, [{ ...part, isWhole }]).isUnsure(table)).toBe(!isWhole);
  });

  it('is cancelled, though its table is suspended or not routed any more: its state would last for ever; it is not done', async () => {
    const { seeding } = seedingOf({ suspended: 'out' });
    for (const more of [{ table: 'out' }, { database: 'crm' }])
      expect(await seeding.step(record({ ...more, phase: 'cancel' }), at)).toMatchObject({
        text: { sql: expect.stringContaining("'cancelled'") },
      });
    for (const more of [{ table: 'out' }, { database: 'crm' }])
      expect(await seeding.step(record({ ...more, phase: 'end' }), at)).toBeNull();
    expect(await seeding.step(record({ pipelines: [uidOf('c.q')], phase: 'cancel' }), at)).toBeNull();
  });

  it('what is ticked off counts as long as the table goes where it went', () => {
    const part = (more: Partial<SeedPart>): SeedPart => {
      const table = { database: 'shop', name: 't' };
      const at = { part: 0, cursor: '{"a":1}', end: null, isWhole: false, place: null, counts: noCounts, begunAt: 0, endedAt: null };
      return { table, target: { database: 'copy', name: 't' }, request: 'r', onExisting: 'source', state: 'seeding', ...at, ...more };
    };
    const away = { database: 'crm', name: 't' };
    const elsewhere = { database: 'other', name: 't' };
    const left = (more: Partial<SeedPart>): number => leftOf([part(more)], createRouter(work.routes)).length;
    expect([left({}), left({ table: away }), left({ target: elsewhere }), left({ table: away, cursor: null, isWhole: true })]).toEqual([
      0, 1, 1, 1,
    ]);
    expect([left({ table: away, state: 'done' }), left({ table: away, cursor: null })]).toEqual([0, 0]);
  });

  it('what is ticked off of a table does not count if the log says that it leaves it out', async () => {
    const { seeding } = seedingOf();
    for (const table of ['t', 'u']) await seeding.step(record({ table }), at);
    const [t, u] = ['t', 'u'].map((name) => ({ database: 'shop', name }));
    const ours = { [uid]: replicationFingerprint({ routes: [...work.routes], forwards: false }) };
    expect(seeding.leaving({ pipelines: {}, tables: ['shop.*'] })).toEqual([]);
    expect(seeding.leaving({ pipelines: {}, tables: ['shop.t'] })).toEqual([u]);
    expect(seeding.leaving({ pipelines: {}, tables: ['shop.* except u'] })).toEqual([t, u]);
    expect(seeding.leaving({ pipelines: ours, tables: ['shop.* except x'] })).toEqual([]);
    const suspended = [{ database: 'shop', name: 't', code: 'TABLE_SUSPENDED', message: 'why' }] as unknown as readonly Suspension[];
    expect(seeding.leaving({ pipelines: ours, tables: ['shop.*'], suspended })).toEqual([t]);
  });

  it('a region is replaced by what comes from it, and no other', () => {
    const { seeds } = seedingOf();
    const table = { database: 'shop', name: 't' };
    const of = { pipeline: uid, table, target: table, request: 'r' };
    expect(
      ['a', 'b', 'stop', 'target', 'source'].map((onExisting) => {
        seeds.begin({ ...of, onExisting });
        return seeds.replaces(table);
      }),
    ).toEqual([true, false, false, false, true]);
  });
});

describe('a table that has entered with a past', () => {
  const table = { database: 'shop', name: 't' };
  const target = { database: 'copy', name: 't' };
  const waiting = {
    table,
    target,
    request: '',
    onExisting: '',
    part: 0,
    state: 'waiting',
    cursor: null,
    end: null,
    isWhole: false,
    place: null,
  } as const;
  const parts: readonly SeedPart[] = [{ ...waiting, counts: noCounts, begunAt: 1, endedAt: null }];

  it('waits until a seed of it begins, of whichever order, or it is gone at the source', async () => {
    const { seeding, seeds } = seedingOf({ parts });
    expect([seeds.isWaiting(table), seeds.of(table)]).toEqual([true, null]);
    expect(await seeding.step(record({ phase: 'cancel' }), at)).toMatchObject({ hasWaited: false });
    expect(seeds.isWaiting(table)).toBe(true);
    expect(await seeding.step(record(), at)).toMatchObject({ isCreated: true, hasWaited: true });
    expect([seeds.isWaiting(table), seeds.of(table)?.request]).toEqual([false, 'one']);
    const gone = seedingOf({ parts });
    await gone.seeding.waitNoMore([table]);
    expect(gone.seeds.waiting).toEqual([]);
  });

  it('waits on where a rewind brings a seed again that was before it', async () => {
    const { seeding, seeds, asked } = seedingOf({ parts, replayUntil: 9 });
    expect([await seeding.step(record(), at), seeds.isWaiting(table), asked]).toEqual([null, true, []]);
    expect(await seeding.step(record({ table: 'u' }), at)).toMatchObject({ isCreated: true });
    expect(await seeding.step(record(), { seq: 10 })).toMatchObject({ hasWaited: true });
  });
});
