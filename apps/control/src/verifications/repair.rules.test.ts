import type { ChannelDocument, VerificationOrder, VerificationResult, VerifiedTable } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { storedChannel } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import { extraProblems, leftProblems, onwardProblems, orphansToTrash, standingProblems, tablesToRepair, winnerOf } from './repair.rules.js';
import type { RepairSubject } from './repair.rules.js';
import { repairWriteSchema } from './repair.schemas.js';
import type { RepairedTable } from './repair.schemas.js';

const routes = [{ schema: 'shop' }];
const way = (source: string, target: string) => ({ name: `${source}-${target}`, source, target, routes });
const both = (...pairs: readonly (readonly [string, string])[]) => pairs.flatMap(([one, other]) => [way(one, other), way(other, one)]);
const home = { home: 'r-a', rules: [{ policy: 'home' }] };
const channelOf = (pipelines: ReturnType<typeof both>, conflicts: object = home): ChannelDocument =>
  storedChannel({ name: 'shop', pipelines, conflicts });
const order: VerificationOrder = { id: 'v', tables: ['*.*'], repeat: 'once', share: 1, state: 'running', by: 'api', at: 0 };
const table = (more: Partial<VerifiedTable> = {}): VerifiedTable => ({
  pipeline: 'a-b',
  database: 'shop',
  table: 'orders',
  verdict: 'different',
  pass: 1,
  notes: [],
  rows: 9,
  missingHere: 0,
  missingThere: 0,
  different: 1,
  extra: 0,
  ranges: 0,
  asOf: 1,
  log: 'l',
  seq: 1,
  ...more,
});
const ended: VerificationResult = {
  request: 'v',
  pass: 1,
  tables: [table()],
  repair: null,
  waitingFor: null,
  rowsDone: 9,
  rowsEstimated: 9,
  begunAt: 1,
  endedAt: 2,
  at: 2,
};

function subject(channel: ChannelDocument, more: Partial<RepairSubject> = {}): RepairSubject {
  const ends = channel.pipelines.flatMap(({ source, target }) => [source, target]);
  const regions = new Map(ends.map((end) => [end, `r-${end}`]));
  return { channel, regions, channels: [channel], verification: order, result: ended, ...more };
}

describe('who wins', () => {
  const winner = (channel: ChannelDocument, names: readonly string[], asked?: string) => {
    const found = winnerOf(subject(channel), new Set(names), asked);
    return found.problems.length === 0 ? found.winner : found.problems.map(({ id, what }) => `${id}: ${what}`).join();
  };

  it('is the source one way, and nobody else', () => {
    const channel = channelOf([way('a', 'b'), way('a', 'c')], { rules: [] });
    expect(winner(channel, ['a-b', 'a-c'])).toBe('source');
    expect(winner(channel, ['a-b'], 'source')).toBe('source');
    expect(winner(channel, ['a-b'], 'r-b')).toMatch(/^repair-winner: winner: r-b.*one way/);
  });

  it('is home both ways, or the end that is named', () => {
    const channel = channelOf(both(['a', 'b']));
    expect(winner(channel, ['a-b', 'b-a'])).toBe('r-a');
    expect(winner(channel, ['a-b'], 'r-b')).toBe('r-b');
    expect(winner(channel, ['a-b'], 'r-c')).toMatch(/r-c is no end of pipelines a-b/);
    // From a to b and from b to a the source is another one.
    expect(winner(channel, ['a-b', 'b-a'], 'source')).toMatch(/^repair-winner/);
    expect(winner(channelOf(both(['a', 'b']), { rules: [{ policy: 'stop' }] }), ['a-b'])).toMatch(/no home region/);
  });

  it('is the side nearer to home in a branch of a hub, one winner at a time', () => {
    const hub = channelOf(both(['a', 'h'], ['h', 'c']));
    expect(winner(hub, ['h-c'])).toBe('r-h');
    expect(winner(hub, ['a-h', 'h-c'])).toMatch(/r-a and r-h win/);
    expect(winner(hub, ['a-h', 'h-c'], 'r-h')).toBe('r-h');
    expect(winner(hub, ['a-h', 'h-c'], 'r-a')).toMatch(/r-a is no end of pipelines h-c/);
  });

  it('cannot be decided in a mesh between two that are equally far from home', () => {
    const mesh = channelOf(both(['a', 'b'], ['a', 'c'], ['b', 'c']));
    expect(winner(mesh, ['a-b', 'a-c'])).toBe('r-a');
    expect(winner(mesh, ['b-c'])).toMatch(/^repair-winner: pipelines b-c: neither end/);
    expect(winner(mesh, ['b-c'], 'r-b')).toMatch(/neither end/);
  });

  it('is asked apart for pipelines of one way and of both', () => {
    expect(winner(channelOf([...both(['a', 'b']), way('a', 'c')]), ['a-b', 'a-c'])).toMatch(/a-c flow one way, and a-b both ways/);
  });
});

it('a verification is repaired once it has ended, and one repair is under way at a time', () => {
  const channel = channelOf(both(['a', 'b']));
  const ids = (verification: VerificationOrder, result: VerificationResult | null, id = 'v') =>
    standingProblems(subject(channel, { verification, result }), id).map((problem) => problem.id);
  const repair = { id: 'r', tables: ['*.*'], winner: 'r-a', extra: [], untilEqual: true, by: 'api', at: 0 };
  const counts = { repaired: 1, changed: 0, refused: 0, left: 0, waitingFor: null, begunAt: 1, endedAt: null };
  expect(ids(order, ended)).toEqual([]);
  expect(ids(order, null)).toEqual(['repair-not-ended']);
  expect(ids(order, ended, 'w')).toEqual(['repair-other-verification']);
  expect(ids({ ...order, state: 'cancelled' }, ended)).toEqual(['repair-cancelled']);
  expect(ids({ ...order, repeat: 'continuously' }, ended)).toEqual(['repair-continuously']);
  // Nobody has begun it; it is under way; its next pass is; it has ended.
  expect(ids({ ...order, repair }, ended)).toEqual(['repair-under-way']);
  expect(ids({ ...order, repair }, { ...ended, repair: { id: 'r', ...counts } })).toEqual(['repair-under-way']);
  expect(ids({ ...order, repair }, { ...ended, endedAt: null, repair: { id: 'r', ...counts } })).toEqual(['repair-not-ended']);
  expect(ids({ ...order, repair }, { ...ended, repair: { id: 'r', ...counts, endedAt: 5 } })).toEqual([]);
});

it('what differs and is asked for is repaired, and the rest is told', () => {
  const tables = [
    table(),
    table({ table: 'items' }),
    table({ table: 'equal', verdict: 'equal' }),
    table({ table: 'odd', verdict: 'refused' }),
  ];
  const names = (write: object) =>
    tablesToRepair({ ...ended, tables }, repairWriteSchema.parse({ reason: 'x', ...write })).map((found) => found.table);
  expect(names({})).toEqual(['orders', 'items']);
  expect(names({ tables: ['shop.it*'] })).toEqual(['items']);
  expect(names({ keys: [{ pipeline: 'a-b', schema: 'shop', table: 'orders', key: { id: 1 } }] })).toEqual(['orders']);
  const left = leftProblems({ ...ended, tables }, [{ ...repaired, ranges: 3 }]);
  expect(left.map(({ id, severity }) => `${severity} ${id}`)).toEqual(['warning repair-ranges', 'warning repair-not-compared']);
});

const repaired: RepairedTable = {
  pipeline: 'a-b',
  schema: 'shop',
  table: 'orders',
  missingHere: 0,
  missingThere: 0,
  different: 0,
  extra: 4,
  ranges: 0,
  files: 0,
};

it('rows that are only at the target are deleted where the table is named, and never where something else may have brought them', () => {
  const one = channelOf([way('a', 'b')], { rules: [{ policy: 'ignore' }] });
  const two = storedChannel({
    name: 'other',
    pipelines: [{ ...way('c', 'b'), routes: [{ schema: 'x', table: 'y', to: { schema: 'shop', table: 'orders' } }] }],
  });
  const whats = (of: RepairSubject, extra: readonly string[]) =>
    extraProblems(of, [repaired], extra).map(({ severity, id, what }) => `${severity} ${id}: ${what}`);
  expect(whats(subject(one), ['shop.orders'])).toEqual([]);
  expect(whats(subject(one), [])).toEqual([expect.stringMatching(/^warning repair-extra-stays: .*4 rows/)]);
  expect(whats(subject(one, { channels: [one, two] }), ['shop.orders'])).toEqual([
    expect.stringMatching(/^error repair-extra: .*pipelines from c/),
  ]);
  const verification = { ...order, where: 'id > 1' };
  expect(whats(subject(one, { verification }), ['shop.orders'])).toEqual([expect.stringMatching(/^error repair-extra: .*condition/)]);
});

it('a repair that goes on to a pipeline which would stop there says so', () => {
  const pair = channelOf(both(['a', 'b']));
  const chain = (policy: string, from = 'b') =>
    storedChannel({ name: 'chain', pipelines: [way(from, 'c')], conflicts: { rules: [{ policy }] } });
  const ids = (other: ChannelDocument, winner: string) =>
    onwardProblems(subject(pair, { channels: [pair, other] }), [repaired], winner).map(({ severity, id }) => `${severity} ${id}`);
  expect(ids(chain('stop'), 'r-a')).toEqual(['warning repair-goes-on']);
  expect(ids(chain('stop'), 'r-b')).toEqual([]);
  expect(ids(chain('stop', 'a'), 'r-b')).toEqual(['warning repair-goes-on']);
  expect(ids(chain('ignore'), 'r-a')).toEqual([]);
});

it('files that no row names go where that is asked for, of roots that have any', () => {
  const root = { pipeline: 'a-b', root: 'pics', pass: 1, files: 9, orphans: 2, bytes: 70, notes: [], asOf: 1 };
  const result = { ...ended, roots: [root, { ...root, root: 'docs', orphans: 0, bytes: 0 }] };
  expect(orphansToTrash(result, {})).toEqual([]);
  expect(orphansToTrash(result, { orphans: 'trash' })).toEqual([{ pipeline: 'a-b', root: 'pics', files: 2, bytes: 70 }]);
  expect(orphansToTrash(ended, { orphans: 'trash' })).toEqual([]);
});

it('keys are about rows: no files go with them', () => {
  const key = { pipeline: 'a-b', schema: 'shop', table: 'orders', key: { id: 1 } };
  const parsed = repairWriteSchema.safeParse({ keys: [key], orphans: 'trash', reason: 'x' });
  expect(parsed.error?.issues.map(({ message }) => message)).toEqual(['orphans belongs to tables, not to keys']);
});
