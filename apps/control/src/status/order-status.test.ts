import type { SeededTable, SeedOrder, VerifiedTable } from '@lutra/model';
import { expect, it } from 'vitest';
import { seedStatus, verificationStatus } from './order-status.js';

const seeded = (table: string, more: Partial<SeededTable> = {}): SeededTable => ({
  database: 'shop',
  table,
  state: 'done',
  cursors: [null],
  ends: [null],
  whole: [true],
  inserted: 5,
  equal: 4,
  replaced: 3,
  kept: 2,
  yielded: 1,
  clashes: 0,
  endedAt: 1,
  ...more,
});
const order: SeedOrder = {
  id: 'now',
  tables: ['*.*'],
  chunkRows: 1,
  parallel: 1,
  rowsPerSecond: null,
  maxLagMs: 100,
  onExisting: 'source',
  createTables: true,
  state: 'running',
  after: [],
  by: 'api',
  at: 0,
};

it('a seed is counted by what its loader has met; the progress of an earlier order says nothing', () => {
  const tables = [seeded('a'), seeded('b', { state: 'seeding', clashes: 2 })];
  expect(seedStatus(order, { request: 'now', tables, at: 0 }, [])).toMatchObject({
    tables: { seeding: 1, done: 1, cancelled: 0 },
    rows: 32,
    clashes: 2,
  });
  expect(seedStatus(order, { request: 'before', tables, at: 0 }, [])).toMatchObject({ rows: 0, tables: { seeding: 0, done: 0 } });
});

const verified = (table: string, more: Partial<VerifiedTable> = {}): VerifiedTable => ({
  pipeline: 'a-b',
  database: 'shop',
  table,
  verdict: 'equal',
  pass: 1,
  notes: [],
  rows: 41_332_118,
  missingHere: 0,
  missingThere: 0,
  different: 0,
  extra: 0,
  ranges: 0,
  asOf: Date.UTC(2026, 0, 31, 10, 31, 7),
  log: 'l',
  seq: 7,
  ...more,
});

it('a verification names what is not known to be equal, and why', () => {
  const tables = [
    verified('orders'),
    verified('customers', { verdict: 'different', missingHere: 3, different: 1 }),
    verified('busy', { verdict: 'unsettled', notes: ['stopped at seq 7'] }),
    verified('odd', { verdict: 'refused', notes: ['collations differ'] }),
    verified('later', { verdict: null, asOf: null }),
  ];
  const result = {
    request: 'v',
    pass: 1,
    tables,
    repair: null,
    waitingFor: null,
    rowsDone: 9,
    rowsEstimated: 10,
    begunAt: 0,
    endedAt: null,
    at: 0,
  };
  const asked = { id: 'v', tables: ['*.*'], repeat: 'once', share: 1, state: 'running', by: 'api', at: 0 } as const;
  const status = verificationStatus(asked, result);
  expect(status.tables).toEqual({ equal: 1, different: 1, unsettled: 1, refused: 1, open: 1 });
  expect(status.notEqual.map(({ text }) => text)).toEqual([
    'shop.customers: not equal as of 2026-01-31T10:31:07.000Z: 3 missing at the target, 1 different',
    'shop.busy: not known (stopped at seq 7)',
    'shop.odd: cannot be compared (collations differ)',
    'shop.later: not compared yet',
  ]);
  expect(verificationStatus({ ...asked, id: 'newer' }, result)).toMatchObject({ rowsDone: 0, notEqual: [], endedAt: null });
});
