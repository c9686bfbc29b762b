import type { OperationalEvent, VerificationOrder, VerificationResult, VerifiedTable } from '@lutra/model';
import { eventSchema, verificationResultSchema } from '@lutra/model';
import { beforeEach, expect, it } from 'vitest';
import { ChannelVerifier, fitting } from './channel-verifier.js';
import type { VerifierIo } from './channel-verifier.js';
import type { PassOptions } from './pass.js';

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

  order = async (): Promise<VerificationOrder | null> => this.ordered;
  result = async (): Promise<VerificationResult | null> => this.stored;
  write = async (result: VerificationResult): Promise<void> => void (this.stored = verificationResultSchema.parse(result));
  tell = (event: OperationalEvent): void => void this.events.push(eventSchema.parse(event));
  readonly forgotten: string[] = [];
  forget = async (request: string): Promise<void> => void this.forgotten.push(request);
  compared = (rows: number): void => void (this.rows += rows);
  verdicts = (): void => undefined;

  pass = async ({
    pass,
    known: before,
    between,
    tables,
  }: Pick<PassOptions, 'pass' | 'known' | 'between' | 'tables'>): Promise<readonly VerifiedTable[]> => {
    let known = names.map((name) => before.find((each) => each.table === name) ?? table(name));
    await tables(known);
    for (const name of names) {
      if (known.some((each) => each.table === name && each.pass === pass)) continue;
      this.begun.push(name);
      this.before(name);
      await between({ rows: 5, table: name });
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
const verifier = (): ChannelVerifier => new ChannelVerifier(kept, signal, 0);

it('carries an order out once, and tells of begin, what differs, and end', async () => {
  const one = verifier();
  await one.step();
  await one.step();
  expect(kept.begun).toEqual(names);
  expect(kept.events.map((event) => 'phase' in event && [event.phase, event.table?.table, event.tables.equal])).toEqual([
    ['begin', undefined, 0],
    ['found', 't2', 1],
    ['end', undefined, 2],
  ]);
  expect(kept.stored).toMatchObject({ request: 'one', pass: 1, waitingFor: null, rowsDone: 30, endedAt: expect.any(Number) });
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
