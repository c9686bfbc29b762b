import type { OperationalEvent, VerificationOrder, VerificationResult, VerifiedTable } from '@lutra/model';
import { eventSchema, verificationResultSchema } from '@lutra/model';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { sleep } from '@lutra/runtime';
import { ChannelVerifier } from './channel-verifier.js';
import type { VerifierIo } from './verifier-io.js';
import type { PassOptions } from './pass.js';
import { fitting } from './result.js';

const order: VerificationOrder = { id: 'one', tables: ['*.*'], repeat: 'once', share: 1, state: 'running', by: 'me', at: 1 };
const table = (name: string, verdict: VerifiedTable['verdict'] = null, pass = 0): VerifiedTable => ({
  pipeline: 'p',
  database: 'd',
  table: name,
  verdict,
  pass,
  notes: [],
  rows: verdict === null ? 0 : 10,
  missingHere: 0,
  missingThere: 0,
  different: verdict === 'different' ? 1 : 0,
  extra: 0,
  ranges: 0,
  asOf: null,
  log: '',
  seq: -1,
});
const names = ['t1', 't2', 't3'];

/** What ZooKeeper keeps, and what a pass does: one table after the other. */
class Kept implements VerifierIo {
  readonly channel = 'c';
  readonly region = 'hz';
  levelNow = 2;
  level = (): number => this.levelNow;
  ordered: VerificationOrder | null = order;
  stored: VerificationResult | null = null;
  readonly events: OperationalEvent[] = [];
  readonly begun: string[] = [];
  rows = 0;
  /** Takes place before a table. */
  before: (name: string) => void = () => undefined;
  /** Between two ranges of a table, until everything has arrived. */
  waited: () => Promise<void> = async () => undefined;

  order = async (): Promise<VerificationOrder | null> => this.ordered;
  result = async (): Promise<VerificationResult | null> => this.stored;
  write = async (result: VerificationResult): Promise<void> => void (this.stored = verificationResultSchema.parse(result));
  tell = (event: OperationalEvent): void => void this.events.push(eventSchema.parse(event));
  readonly forgotten: string[] = [];
  forget = async (request: string): Promise<void> => {
    if (this.unreachable) throw this.unreachable;
    this.forgotten.push(request);
  };
  unreachable: Error | null = null;
  compared = (rows: number): void => void (this.rows += rows);
  comparedFiles = (): void => undefined;
  foundOrphans = (): void => undefined;
  roots = 0;
  searchRoots = async ({ pass, known, searched }: Parameters<VerifierIo['searchRoots']>[0]): Promise<void> => {
    if (known.some((root) => root.pass === pass)) return;
    this.roots += 1;
    await searched({ pipeline: 'p', root: 'pics', pass, files: 3, orphans: 2, bytes: 10, notes: [], asOf: 1 });
  };
  verdicts = (): void => undefined;
  waits: string | null = null;
  waitsFor = async (): Promise<string | null> => this.waits;
  /** What each round of a repair makes of the tables that differ. */
  rounds: (VerifiedTable['verdict'] | Error)[] = [];
  repairedNow = 0;
  repair = async ({ tables, before, look, told }: Parameters<VerifierIo['repair']>[0]): Promise<number> => {
    await look();
    const made = this.rounds.shift() ?? 'equal';
    if (made instanceof Error) throw made;
    const differing = tables.filter(({ verdict }) => verdict === 'different');
    const repaired = made === 'different' ? 0 : differing.length;
    const now = tables.map((each) => (each.verdict === 'different' ? { ...each, verdict: made } : each));
    await told({ tables: now, repaired: before.repaired + repaired, changed: 0, refused: 0, left: 0, waitingFor: null });
    return repaired;
  };
  readonly ended: (string | null)[] = [];
  endRepairs = async (except: string | null): Promise<void> => {
    if (this.unreachable) throw this.unreachable;
    this.ended.push(except);
  };
  repairedRows = (rows: number): void => void (this.repairedNow += rows);

  pass = async ({
    pass,
    known: before,
    between,
    look,
    tables,
  }: Pick<PassOptions, 'pass' | 'known' | 'between' | 'look' | 'tables'>): Promise<readonly VerifiedTable[]> => {
    let known = names.map((name) => before.find((each) => each.table === name) ?? table(name));
    await tables(known);
    for (const name of names) {
      if (known.some((each) => each.table === name && each.pass === pass)) continue;
      this.begun.push(name);
      this.before(name);
      await between({ rows: 5, table: name });
      await this.waited();
      await look();
      await between({ rows: 10, table: name });
      known = known.map((each) => (each.table === name ? table(name, name === 't2' ? 'different' : 'equal', pass) : each));
      await tables(known);
    }
    return known;
  };
}

let kept: Kept;
let signal: AbortSignal;
beforeEach(() => {
  kept = new Kept();
  ({ signal } = new AbortController());
});
afterEach(() => void vi.useRealTimers());
const verifier = (): ChannelVerifier => new ChannelVerifier(kept, signal, 0);

it('carries an order out once, and tells of begin, what differs, and end', async () => {
  const one = verifier();
  await one.step();
  await one.step();
  expect(kept.begun).toEqual(names);
  expect(kept.events.map((event) => event.type === 'verification' && [event.phase, event.table?.table, event.tables.equal])).toEqual([
    ['begin', undefined, 0],
    ['found', 't2', 1],
    ['end', undefined, 2],
  ]);
  expect(kept.stored).toMatchObject({ request: 'one', pass: 1, waitingFor: null, rowsDone: 30, endedAt: expect.any(Number) });
  expect(kept.stored?.roots).toMatchObject([{ root: 'pics', pass: 1, orphans: 2 }]);
  expect(kept.events.map((event) => event.type === 'verification' && event.orphans)).toEqual([undefined, undefined, 2]);
  expect(kept.rows).toBe(30);
  await verifier().step();
  expect(kept.begun).toEqual(names);
  kept.ordered = { ...order, id: 'two' };
  await verifier().step();
  expect(kept.begun).toEqual([...names, ...names]);
  expect(kept.stored?.pass).toBe(1);
  expect(kept.forgotten).toEqual(['one']);
});

it('a process that dies amid a table leaves the tables before it done: the next one begins with that table', async () => {
  kept.before = (name) => {
    if (name === 't3') throw new Error('killed');
  };
  await expect(verifier().step()).rejects.toThrow('killed');
  expect(kept.stored).toMatchObject({ endedAt: null, waitingFor: expect.stringContaining('killed') });
  kept.before = () => undefined;
  await verifier().step();
  expect(kept.begun).toEqual([...names, 't3']);
  expect(kept.stored).toMatchObject({ waitingFor: null, endedAt: expect.any(Number) });
  expect(kept.events.filter((event) => 'phase' in event && event.phase === 'begin')).toHaveLength(1);
});

it.each(['paused', 'cancelled'] as const)('%s takes effect between two ranges', async (state) => {
  kept.before = (name) => {
    if (name === 't2') kept.ordered = { ...order, state };
  };
  const one = verifier();
  await one.step();
  expect(kept.begun).toEqual(['t1', 't2']);
  expect(kept.stored?.endedAt).toBeNull();
  await one.step();
  expect(kept.stored).toMatchObject({ waitingFor: state, endedAt: state === 'cancelled' ? expect.any(Number) : null });
  kept.before = () => undefined;
  kept.ordered = order;
  await one.step();
  expect(kept.begun).toEqual(state === 'paused' ? ['t1', 't2', 't2', 't3'] : ['t1', 't2']);
});

it('rests as long as it has asked: not for what was before the pass, nor for what it waited for', async () => {
  vi.useFakeTimers();
  kept.ordered = { ...order, share: 0.5 };
  kept.waited = () => sleep(30_000, signal);
  const one = verifier();
  await vi.advanceTimersByTimeAsync(60_000);
  const done = one.step();
  await vi.advanceTimersByTimeAsync(100);
  expect(kept.begun).toEqual(['t1']);
  await vi.advanceTimersByTimeAsync(3 * 30_000);
  expect(kept.begun).toEqual(names);
  await done;
});

it('an order that is repeated begins another pass when the last one has rested', async () => {
  kept.ordered = { ...order, repeat: 'continuously' };
  const one = verifier();
  await one.step();
  await one.step();
  expect(kept.begun).toEqual(names);
  kept.stored = { ...kept.stored!, endedAt: 1 };
  await verifier().step();
  expect(kept.begun).toEqual([...names, ...names]);
  expect(kept.stored?.pass).toBe(2);
});

it('a pass that begins keeps what the last one said of a table, until it is compared again', async () => {
  kept.ordered = { ...order, repeat: 'continuously' };
  await verifier().step();
  kept.stored = { ...kept.stored!, endedAt: 1 };
  const seen: unknown[] = [];
  kept.before = (name) => seen.push([name, kept.stored?.rowsDone, kept.stored?.tables.map(({ verdict, pass }) => [verdict, pass])]);
  await verifier().step();
  expect(seen).toEqual([
    [
      't1',
      0,
      [
        ['equal', 1],
        ['different', 1],
        ['equal', 1],
      ],
    ],
    [
      't2',
      10,
      [
        ['equal', 2],
        ['different', 1],
        ['equal', 1],
      ],
    ],
    [
      't3',
      20,
      [
        ['equal', 2],
        ['different', 2],
        ['equal', 1],
      ],
    ],
  ]);
  expect(kept.events.filter((event) => 'phase' in event && event.phase === 'found')).toHaveLength(2);
});

it('below its level nothing is compared, and nothing is written', async () => {
  kept.levelNow = 1;
  await verifier().step();
  expect([kept.begun, kept.stored, kept.events]).toEqual([[], null, []]);
  kept.levelNow = 2;
  await verifier().step();
  expect(kept.begun).toEqual(names);
});

it('a result of many tables with many notes fits into a node of ZooKeeper, and keeps its verdicts', async () => {
  await verifier().step();
  const many = Array.from({ length: 2_000 }, (_, i) => ({
    ...table(`table_${i}`, i % 2 ? 'equal' : 'refused', 1),
    notes: ['why '.repeat(100)],
  }));
  const result = fitting({ ...kept.stored!, tables: many });
  expect(JSON.stringify(result).length).toBeLessThan(1_000_000);
  expect(result.tables.map(({ verdict }) => verdict)).toEqual(many.map(({ verdict }) => verdict));
  expect(fitting(kept.stored!)).toBe(kept.stored);
});

const repair = { id: 'fix', tables: ['*.*'], winner: 'source', extra: [], untilEqual: false, by: 'me', at: 1 };
const phases = (): unknown[] =>
  kept.events.map((event) => (event.type === 'repair' ? `repair ${event.phase}` : 'phase' in event && event.phase));

it('an order that comes to have a repair is carried out when its pass has ended, once', async () => {
  const one = verifier();
  await one.step();
  kept.ordered = { ...order, repair };
  await one.step();
  await one.step();
  expect(kept.begun).toEqual(names);
  expect(kept.stored?.tables.map(({ verdict }) => verdict)).toEqual(['equal', 'equal', 'equal']);
  expect(kept.stored?.repair).toMatchObject({ id: 'fix', repaired: 1, endedAt: expect.any(Number) });
  expect(phases()).toEqual(['begin', 'found', 'end', 'repair begin', 'repair end']);
  expect([kept.ended, kept.repairedNow]).toEqual([[null], 1]);
});

it('a process that dies amid a repair: the next one goes on with it', async () => {
  kept.ordered = { ...order, repair };
  const one = verifier();
  await one.step();
  kept.rounds = [new Error('killed')];
  await expect(one.step()).rejects.toThrow('killed');
  expect(kept.stored?.repair).toMatchObject({ waitingFor: expect.stringContaining('killed'), endedAt: null });
  await verifier().step();
  expect(kept.stored?.repair).toMatchObject({ waitingFor: null, endedAt: expect.any(Number) });
  expect(phases().filter((phase) => phase === 'repair begin')).toHaveLength(1);
});

it('until all is equal: verified and repaired again, equal tables are left alone, and it ends when a pass repaired nothing', async () => {
  kept.ordered = { ...order, repair: { ...repair, untilEqual: true } };
  kept.rounds = ['unsettled', 'different'];
  const one = verifier();
  for (let steps = 0; steps < 6; steps++) await one.step();
  expect(kept.stored).toMatchObject({ pass: 2, endedAt: expect.any(Number), repair: { repaired: 1, endedAt: expect.any(Number) } });
  expect(phases()).toEqual(['begin', 'found', 'end', 'repair begin', 'begin', 'found', 'end', 'repair end']);
});

it('a repair that is cancelled ends, and so does its state at the targets', async () => {
  kept.ordered = { ...order, repair };
  const one = verifier();
  await one.step();
  const { repair: carryOut } = kept;
  kept.repair = async (options) => {
    kept.ordered = { ...order, repair, state: 'cancelled' };
    return carryOut(options);
  };
  await one.step();
  expect(kept.stored?.repair).toMatchObject({ repaired: 0, endedAt: null });
  await one.step();
  expect(kept.stored?.repair).toMatchObject({ waitingFor: 'cancelled', endedAt: expect.any(Number) });
  expect(kept.ended).toEqual([null]);
});

it('what comes first is waited for, and told', async () => {
  kept.waits = 'the restart of endpoint a';
  const one = verifier();
  await one.step();
  expect(kept.begun).toEqual([]);
  expect(kept.stored).toMatchObject({ pass: 0, waitingFor: 'the restart of endpoint a', endedAt: null });
  kept.waits = null;
  await one.step();
  expect(kept.begun).toEqual(names);
  expect(kept.stored).toMatchObject({ pass: 1, waitingFor: null, endedAt: expect.any(Number) });
});

it('a repair whose order is removed as soon as it is cancelled ends at the targets, and once', async () => {
  kept.ordered = { ...order, repair };
  const one = verifier();
  await one.step();
  kept.rounds = [new Error('killed')];
  await expect(one.step()).rejects.toThrow('killed');
  for (const next of [{ ...order, id: 'two', state: 'cancelled' } as const, null]) {
    kept.ended.length = 0;
    const { stored } = kept;
    kept.ordered = next;
    const successor = verifier();
    await successor.step();
    await successor.step();
    expect(kept.ended).toEqual([null]);
    expect(kept.stored?.repair?.endedAt).toEqual(expect.any(Number));
    kept.stored = stored;
  }
});

it('a target that cannot be reached is told: what an order before has left there is in the way of the next one, and of a cancel', async () => {
  kept.ordered = { ...order, repair };
  const one = verifier();
  await one.step();
  kept.rounds = [new Error('killed')];
  await expect(one.step()).rejects.toThrow('killed');
  kept.unreachable = new Error('no route to b');
  kept.ordered = { ...order, repair, state: 'cancelled' };
  await expect(one.step()).rejects.toThrow('no route');
  expect(kept.stored?.repair).toMatchObject({ waitingFor: expect.stringContaining('no route to b'), endedAt: null });
  kept.ordered = { ...order, id: 'two' };
  for (let tries = 0; tries < 2; tries++) await expect(one.step()).rejects.toThrow('no route');
  expect(kept.stored).toMatchObject({ request: 'two', pass: 0, waitingFor: expect.stringContaining('no route to b') });
  kept.unreachable = null;
  await one.step();
  expect([kept.forgotten, kept.ended]).toEqual([['one'], [null, null]]);
  expect(kept.stored).toMatchObject({ request: 'two', pass: 1, endedAt: expect.any(Number) });
});
