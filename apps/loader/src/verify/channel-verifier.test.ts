import type { OperationalEvent, VerificationOrder, VerificationResult, VerifiedTable } from '@lutra/model';
import { eventSchema, verificationResultSchema } from '@lutra/model';
import { beforeEach, expect, it } from 'vitest';
import { ChannelVerifier } from './channel-verifier.js';
import type { VerifierIo } from './channel-verifier.js';
import type { PassOptions } from './pass.js';

const order: VerificationOrder = { id: 'one', tables: ['*.*'], repeat: 'once', share: 1, state: 'running', by: 'me', at: 1 };
const table = (name: string, verdict: VerifiedTable['verdict'] = null): VerifiedTable => ({
  pipeline: 'p',
  database: 'd',
  table: name,
  verdict,
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
  compared = (rows: number): void => void (this.rows += rows);
  verdicts = (): void => undefined;

  pass = async ({ done, between, tables }: Pick<PassOptions, 'done' | 'between' | 'tables'>): Promise<readonly VerifiedTable[]> => {
    let known = names.map((name) => done.find((each) => each.table === name) ?? table(name));
    await tables(known);
    for (const name of names) {
      if (known.some((each) => each.table === name && each.verdict !== null)) continue;
      this.begun.push(name);
      this.before(name);
      await between({ rows: 5, table: name });
      await between({ rows: 10, table: name });
      known = known.map((each) => (each.table === name ? table(name, name === 't2' ? 'different' : 'equal') : each));
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
