/** What is decided about a schema change, and what ends a hold: orders, configuration and target are lists in memory. */
import { untilAbort } from '@lutra/runtime';
import type { DdlAnswer, DdlPolicy, DdlRecord } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { emptyDdl } from '../../../../libs/avro/src/ddl-links.js';
import type { DdlDecision, DdlRefusal } from './carry-out.js';
import type { Concern } from './concern.js';
import { DdlStage } from './ddl-stage.js';
import type { Outcome } from './ddl-stage.js';
import { holdOf } from './hold.js';
import type { DdlRule } from './rule.js';
import { MemoryDdlTarget } from './memory-ddl-target.fixture.js';

const record = { ...emptyDdl(), id: 'g:1', sql: 'ALTER TABLE t ADD c INT', statement: 'ALTER TABLE' } as DdlRecord;
const came = { record, position: { log: 'L', logEpoch: 1, seq: 7, nextOffset: 8 } };
const answer = (of: DdlAnswer): DdlDecision => ({ answer: of, by: 'ann', reason: 'so' });
const unmapped: DdlRefusal = { reason: 'unmapped', message: 'its table is not there' };
const failed: DdlRefusal = { reason: 'failed', message: '1062' };

/** What is told, in its order; at each wait the next step of a script takes place. Then whoever waits, waits for ever. */
class Room {
  readonly target = new MemoryDdlTarget();
  readonly told: string[] = [];
  policy: DdlPolicy = 'apply';
  rule: Partial<DdlRule> = {};
  concern: Concern = 'tables';
  orders: DdlDecision[] = [];
  isEdited = false;
  steps: (() => void)[] = [];
  readonly #over = new AbortController();

  async come(ahead: DdlDecision | null = null, of: Partial<DdlRecord> = {}): Promise<Outcome | 'waits'> {
    const stage = new DdlStage(
      {
        target: () => this.target,
        concernOf: () => this.concern,
        ruleOf: () => ({ does: this.policy, bothWays: false, elsewhere: null, ...this.rule }),
        ownOf: async ({ path }) => (this.told.push('asked whether it is crossed'), { origin: 'home', path }),
        order: async () => this.orders[0] ?? null,
        removeOrder: async () => void (this.told.push(`taken ${this.orders.length}`), this.orders.shift()),
        omitted: async (_, kind) => void this.told.push(`omitted ${kind}`),
        tell: (_, phase) => void this.told.push(phase),
        holds: async (of, held) => {
          const { reason, ways } = holdOf(of, held, 0);
          this.told.push(`held ${reason}, ${ways.join()}`);
        },
        edited: async () => {
          const is = this.isEdited;
          this.isEdited = false;
          return is;
        },
        wait: async () => {
          const step = this.steps.shift();
          if (step) return step();
          this.#over.abort();
          await untilAbort(this.#over.signal);
        },
      },
      { pollMs: 0, metMs: 0 },
    );
    return stage.come({ ...came, record: { ...record, ...of } }, ahead).catch((error: unknown) => {
      if (this.#over.signal.aborted) return 'waits';
      throw error;
    });
  }
}

function roomOf(parts: Partial<Room>): Room {
  return Object.assign(new Room(), parts);
}

it('carries out what it is told to, and nothing a second time: a record may come twice', async () => {
  const room = new Room();
  expect([await room.come(), await room.come(), room.target.done, room.told]).toEqual([
    'behind',
    'passed',
    ['run ALTER TABLE t ADD c INT'],
    ['applied'],
  ]);
});

it('what it is told to ignore is kept for people before it is passed', async () => {
  const room = roomOf({ policy: 'ignore' });
  expect([await room.come(), room.target.done, room.told]).toEqual(['passed', [], ['omitted ddl', 'ignored']]);
});

it('what is of no table of the pipeline is passed, and what the target knows already is done', async () => {
  const nothing = new Room();
  nothing.target.translate = () => 'nothing';
  expect([await nothing.come(), nothing.told]).toEqual(['passed', []]);
  const met = roomOf({ policy: 'stop' });
  met.target.isThere = () => true;
  expect([await met.come(), met.target.done, met.told]).toEqual(['behind', ['done g:1'], ['done']]);
});

it.each([
  ['run', 'behind', ['run ALTER TABLE t ADD c INT by ann'], ['held policy, run,done,skip', 'taken 1', 'applied']],
  ['done', 'behind', ['done g:1 by ann'], ['held policy, run,done,skip', 'done', 'taken 1']],
  ['skip', 'behind', ['skipped g:1 by ann'], ['held policy, run,done,skip', 'omitted skip', 'skipped', 'taken 1']],
] as const)('holds where it is told to stop, and ends by a person’s answer: %s', async (of, outcome, done, told) => {
  const room = roomOf({ policy: 'stop' });
  room.steps = [() => undefined, () => void room.orders.push(answer(of))];
  expect([await room.come(), room.target.done, room.told]).toEqual([outcome, done, told]);
});

it('an answer that was given before the record came counts, whatever the policy', async () => {
  const room = new Room();
  room.orders = [answer('skip')];
  expect([await room.come(room.orders[0]), room.target.done, room.orders]).toEqual(['behind', ['skipped g:1 by ann'], []]);
});

it('an order to run is gone before it runs: who comes behind a kill asks a person, and runs it no second time by the old order', async () => {
  const room = roomOf({ policy: 'stop' });
  room.orders = [answer('run')];
  // Killed in the statement: an intent, and no witness.
  const killed = room.target.run.bind(room.target);
  room.target.run = async () => {
    room.target.states.set('g:1', 'open');
    throw new Error('killed');
  };
  room.steps = [() => undefined];
  await expect(room.come()).rejects.toThrow('killed');
  room.target.run = killed;
  expect(await room.come(room.orders[0] ?? null)).toBe('waits');
  expect([room.target.done, room.told.at(-1)]).toEqual([[], 'held undecided, run,done,skip']);
});

it('what failed holds, and is tried again by a person alone', async () => {
  const room = new Room();
  room.target.refusals = [failed, failed];
  room.steps = [() => undefined, () => undefined, () => void room.orders.push(answer('run')), () => void room.orders.push(answer('run'))];
  expect(await room.come()).toBe('behind');
  const run = 'run ALTER TABLE t ADD c INT';
  expect(room.target.done).toEqual([run, `${run} by ann`, `${run} by ann`]);
  const holds = 'held failed, run,done,skip';
  expect(room.told).toEqual([holds, 'taken 1', holds, 'taken 1', 'applied']);
});

it('what the target cannot take is carried out once it can; to run it is no way until then', async () => {
  const room = new Room();
  room.target.translate = () => unmapped;
  room.steps = [
    () => void room.orders.push(answer('run')),
    () => undefined,
    () => (room.target.translate = ({ sql, tables }) => ({ sql, tables })),
  ];
  expect(await room.come()).toBe('behind');
  expect(room.told).toEqual(['held unmapped, done,skip', 'taken 1', 'held unmapped, done,skip', 'applied']);
});

it('what cannot run here, as for want of a right, ends by itself too, and by a person', async () => {
  const denied: DdlRefusal = { reason: 'failed', message: 'denied', here: { sql: record.sql, tables: [] } };
  for (const [step, done] of [
    [(room: Room) => (room.target.isThere = () => true), 'done g:1'],
    [(room: Room) => room.orders.push(answer('skip')), 'skipped g:1 by ann'],
  ] as const) {
    const room = roomOf({ policy: 'stop' });
    room.target.translate = () => denied;
    room.steps = [() => undefined, () => void step(room)];
    expect([await room.come(), room.target.done, room.told[0]]).toEqual(['behind', [done], 'held failed, done,skip']);
  }
  const met = roomOf({ policy: 'stop' });
  met.target.translate = () => denied;
  met.target.isThere = () => true;
  expect([await met.come(), met.told]).toEqual(['behind', ['done']]);
});

it('a hold ends by itself when the target shows all of it', async () => {
  const room = roomOf({ policy: 'stop' });
  room.steps = [() => undefined, () => (room.target.isThere = () => true)];
  expect([await room.come(), room.target.done]).toEqual(['behind', ['done g:1']]);
});

it('a hold ends by another policy, whether the edit is in force or waits for a record; another edit decides anew', async () => {
  for (const policy of ['ignore', 'apply'] as const) {
    const room = roomOf({ policy: 'stop' });
    room.steps = [() => undefined, () => (room.policy = policy)];
    expect(await room.come()).toBe(policy === 'ignore' ? 'passed' : 'behind');
    expect(room.told.at(-1)).toBe(policy === 'ignore' ? 'ignored' : 'applied');
  }
  const rerouted = roomOf({ policy: 'stop' });
  rerouted.steps = [() => Object.assign(rerouted, { isEdited: true, concern: 'none' })];
  expect([await rerouted.come(), rerouted.target.done]).toEqual(['passed', []]);
});

it('what began and may not have ended is asked about, whatever the policy, also where its names are lost', async () => {
  for (const policy of ['apply', 'ignore', 'stop'] as const) {
    const room = roomOf({ policy });
    room.target.states.set('g:1', 'open');
    expect([await room.come(), room.told]).toEqual(['waits', ['held undecided, run,done,skip']]);
    room.target.translate = () => unmapped;
    expect([await room.come(), room.told.at(-1), room.target.done]).toEqual(['waits', 'held undecided, done,skip', []]);
  }
});

it('what cannot be made out holds, and is never planned; it may be ignored', async () => {
  const room = roomOf({ concern: 'unknown' });
  room.target.translate = () => expect.unreachable();
  room.steps = [() => undefined, () => undefined];
  expect([await room.come(), room.told]).toEqual(['waits', ['held unknown, done,skip']]);
  expect(await roomOf({ concern: 'unknown', policy: 'ignore' }).come()).toBe('passed');
});

it('no order of another record, and no policy that stays, ends a hold', async () => {
  const room = roomOf({ policy: 'stop', steps: Array.from({ length: 20 }, () => () => undefined) });
  expect([await room.come(), room.told, room.target.done]).toEqual(['waits', ['held policy, run,done,skip'], []]);
});

const away = { homes: ['home'], from: 'away', isHere: true };

it('both ways what is compatible is carried out, and what is not holds with a recipe', async () => {
  const room = roomOf({ rule: { bothWays: true } });
  expect([await room.come(null, { compatible: true }), room.told]).toEqual(['behind', ['applied']]);
  const held = roomOf({ rule: { bothWays: true } });
  expect([await held.come(), held.told, held.target.done]).toEqual(['waits', ['held policy, run,done,skip'], []]);
  const wider = { compatible: true, modifies: [{ column: 'c', type: 'bigint', nullable: true }] };
  const narrow = roomOf({ rule: { bothWays: true } });
  narrow.target.misfit = { what: 'narrower', why: 'column c: is bigint, and would be int' };
  expect([await narrow.come(null, wider), narrow.told]).toEqual(['waits', ['held policy, run,done,skip']]);
  narrow.target.misfit = null;
  expect([await narrow.come(null, wider), narrow.told.at(-1)]).toEqual(['behind', 'applied']);
});

it('what is not of home holds, whatever the policy; run by a person at home it is home’s own, and elsewhere a copy', async () => {
  for (const policy of ['apply', 'stop'] as const) {
    const room = roomOf({ policy, rule: { bothWays: true, elsewhere: away } });
    room.steps = [() => undefined, () => void room.orders.push(answer('run'))];
    expect(await room.come(null, { compatible: true, path: ['away'] })).toBe('behind');
    expect(room.target.done).toEqual(['run ALTER TABLE t ADD c INT by ann as of home (away)']);
    expect(room.told).toEqual(['held not-home, run,done,skip', 'asked whether it is crossed', 'taken 1', 'applied']);
  }
  const third = roomOf({ rule: { bothWays: true, elsewhere: { ...away, isHere: false } } });
  third.steps = [() => void third.orders.push(answer('run'))];
  expect([await third.come(), third.target.done]).toEqual(['behind', ['run ALTER TABLE t ADD c INT by ann']]);
});

it('what is not of home ends by itself when the target shows it, and when its home is another one', async () => {
  const met = roomOf({ rule: { bothWays: true, elsewhere: away } });
  met.steps = [() => undefined, () => (met.target.isThere = () => true)];
  expect([await met.come(), met.target.done]).toEqual(['behind', ['done g:1']]);
  const moved = roomOf({ rule: { bothWays: true, elsewhere: away } });
  moved.steps = [() => (moved.rule = { bothWays: true })];
  expect([await moved.come(null, { compatible: true }), moved.told.at(-1)]).toEqual(['behind', 'applied']);
});

it('what would go back is not run, not even by a person', async () => {
  const room = roomOf({ rule: { bothWays: true } });
  room.target.translate = ({ sql, tables }) => ({ sql, tables, barred: 'it would go back' });
  room.steps = [() => void room.orders.push(answer('run'))];
  expect([await room.come(null, { compatible: true }), room.target.done]).toEqual(['waits', []]);
  expect(room.told).toEqual(['held policy, done,skip', 'taken 1', 'held policy, done,skip']);
});

it('an order to run is still there if nobody can tell yet whether it is crossed', async () => {
  const room = roomOf({ rule: { bothWays: true, elsewhere: away } });
  room.orders = [answer('run')];
  room.told.push = () => {
    throw new Error('capture is away');
  };
  await expect(room.come(room.orders[0])).rejects.toThrow('capture is away');
  expect([room.orders.length, room.target.done]).toEqual([1, []]);
});

it('a step of an online tool is kept, whatever the policy, and nobody is told; what it ends with is asked, whatever the policy', async () => {
  for (const policy of ['apply', 'ignore', 'stop'] as const) {
    const step = roomOf({ policy, concern: 'shadows' });
    expect([await step.come(), step.target.done, step.told]).toEqual(['behind', ['shadow g:1'], []]);
  }
  const leave = new Room();
  leave.target.translate = () => 'shadows';
  expect([await leave.come(), leave.target.done]).toEqual(['behind', ['shadow g:1']]);
  const swap = new Room();
  swap.target.translate = ({ sql, tables }) => ({ sql, tables, held: { reason: 'online-change', message: 'swapped' } });
  swap.steps = [() => undefined, () => void swap.orders.push(answer('run'))];
  expect([await swap.come(), swap.told]).toEqual(['behind', ['held online-change, run,done,skip', 'taken 1', 'applied']]);
});

describe('tables that enter', () => {
  const table = { database: 'shop', name: 't' };
  const entered: DdlRefusal = { reason: 'entered', message: 'it has a past', ways: ['seed', 'done', 'skip'], enters: [table] };

  it('hold, whatever the policy; "seed" is carried out, and the order for it is there until it is', async () => {
    const room = new Room();
    room.target.translate = () => entered;
    room.steps = [() => void room.orders.push(answer('seed'))];
    expect([await room.come(), room.target.done, room.told]).toEqual([
      'behind',
      ['seed g:1 by ann'],
      ['held entered, seed,done,skip', 'seeded', 'taken 1'],
    ]);
  });

  it('what the target refuses of a seed is told until the next answer', async () => {
    const room = new Room();
    room.target.translate = () => entered;
    room.target.refusals = [{ ...entered, message: '1050' }];
    const none = (): void => undefined;
    room.steps = [() => void room.orders.push(answer('seed')), none, none, () => void room.orders.push(answer('seed'))];
    expect([await room.come(), room.told]).toEqual([
      'behind',
      ['held entered, seed,done,skip', 'taken 1', 'held entered, seed,done,skip', 'seeded', 'taken 1'],
    ]);
  });

  it('one that leaves is passed where statements are carried out, and people are told; else it holds', async () => {
    const left: DdlRefusal = { reason: 'unmapped', message: 'it leaves', isLeft: true };
    const room = new Room();
    room.target.translate = () => left;
    expect([await room.come(), room.told]).toEqual(['behind', ['omitted skip', 'skipped']]);
    const holding = roomOf({ policy: 'stop' });
    holding.target.translate = () => left;
    expect([await holding.come(), holding.told]).toEqual(['waits', ['held unmapped, done,skip']]);
  });
});
