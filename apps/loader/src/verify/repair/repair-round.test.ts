/** Tables in memory: the order of writing, what counts, what a probe leaves, and where it ends. */
import type { Row, VerifiedTable } from '@lutra/model';
import { expect, it } from 'vitest';
import type { DifferingOutcome, FoundRow } from './found-rows.js';
import type { RowRepair, RowRepairs } from './home-rows.js';
import { RepairRound } from './repair-round.js';
import type { Probed, RepairTable, RoundOptions } from './repair-round.js';
import { verifiesAgain } from './repair-state.js';

const log: string[] = [];

class MemoryTable implements RepairTable {
  readonly mayBeExtra = false;
  readonly writes: readonly DifferingOutcome[] = ['different', 'missing-here'];
  readonly deletes: readonly DifferingOutcome[] = ['missing-there'];
  readonly related: RepairTable['related'];
  refused: string | null = null;
  isSent = false;
  inFlight = false;
  asking = (): void => undefined;
  /** What the loader says of rows. */
  readonly said = new Map<string, string>();
  #asked = 0;
  /** By key. */
  readonly found = new Map<string, DifferingOutcome>();
  readonly equal = new Set<string>();
  readonly problems = new Map<string, string>();
  answer: (hash: string) => RowRepair = () => 'written';
  unanswered: string | null = null;

  constructor(
    readonly name: string,
    parents: readonly string[] = [],
  ) {
    const named = (table: string) => ({ database: 'd', name: table });
    this.related = { name: named(name), parents: parents.map(named) };
  }

  readonly rows: RepairTable['rows'] = {
    page: async (outcomes, after, limit) =>
      this.#rows()
        .filter(({ hash, outcome }) => outcomes.includes(outcome) && hash > after)
        .slice(0, limit),
    byHash: async (hashes) => this.#rows().filter(({ hash }) => hashes.includes(hash)),
    keys: async () => new Map(this.#rows().map(({ hash, key }) => [hash, key])),
    counts: async () => {
      const count = (outcome: DifferingOutcome): number => this.#rows().filter((row) => row.outcome === outcome).length;
      return { different: count('different'), 'missing-here': count('missing-here'), 'missing-there': count('missing-there') };
    },
    problems: async () => this.said,
    saveProblems: async (problems) => {
      this.problems.clear();
      for (const [hash, why] of problems) this.problems.set(hash, why);
    },
  };

  isOf({ table }: VerifiedTable): boolean {
    return table === this.name;
  }
  raise = async (): Promise<void> => void log.push(`raise ${this.name}`);
  lower = async (): Promise<void> => void log.push(`lower ${this.name}`);
  unsent = async (): Promise<ReadonlyMap<string, string>> => new Map();

  async write(rows: readonly FoundRow[]): Promise<RowRepairs> {
    log.push(`${this.name} ${rows.map(({ hash }) => hash).join(' ')}`);
    return new Map(
      rows.map(({ hash }) => {
        const done = this.answer(hash);
        if (done === 'written') this.equal.add(hash);
        return [hash, done];
      }),
    );
  }

  async probe(keys: readonly Row[]): Promise<Probed> {
    if (!this.inFlight) this.#asked += 1;
    this.asking();
    if (this.unanswered === null) for (const key of keys) if (this.equal.has(String(key['id']))) this.found.delete(String(key['id']));
    return { unanswered: this.unanswered, asOf: 77, log: 'l', seq: 5 };
  }

  #rows(): readonly FoundRow[] {
    return [...this.found]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([hash, outcome]) => ({ hash, key: { id: hash }, outcome, here: null, there: null, log: 'l', seq: this.#asked }));
  }
}

const verified = (table: string, more: Partial<VerifiedTable> = {}): VerifiedTable => ({
  pipeline: 'p',
  database: 'd',
  table,
  verdict: 'different',
  pass: 1,
  notes: [],
  rows: 9,
  missingHere: 0,
  missingThere: 0,
  different: 9,
  extra: 0,
  ranges: 0,
  asOf: 1,
  log: '',
  seq: -1,
  ...more,
});

async function run(tables: readonly MemoryTable[], more: Partial<RoundOptions> & { readonly of?: readonly VerifiedTable[] } = {}) {
  log.length = 0;
  const told: Parameters<RoundOptions['told']>[0][] = [];
  const round = new RepairRound({
    tables: more.of ?? tables.map(({ name }) => verified(name)),
    before: { repaired: 0 },
    look: async () => undefined,
    told: async (now) => void told.push(now),
    raised: async () => void log.push('raised'),
    arrived: async () => void log.push('arrived'),
    spared: async () => new Map(),
    ...more,
  });
  const repaired = await round.run(tables);
  return { repaired, last: told.at(-1) };
}

it('parents are written before children, deleted behind them, and asked for when all has arrived', async () => {
  const [child, parent] = [new MemoryTable('child', ['parent']), new MemoryTable('parent')];
  for (const table of [child, parent]) table.found.set('1', 'different').set('2', 'missing-there');
  const { repaired, last } = await run([child, parent]);
  expect(log).toEqual([
    'raise parent',
    'raise child',
    'raised',
    'parent 1',
    'child 1',
    'child 2',
    'parent 2',
    'arrived',
    'lower parent',
    'lower child',
  ]);
  expect([repaired, last]).toMatchObject([
    4,
    { repaired: 4, left: 0, tables: [{ verdict: 'equal', asOf: 77, seq: 5, different: 0 }, { verdict: 'equal' }] },
  ]);
});

it('only what a probe says is equal is repaired: without an answer the rows stay', async () => {
  const table = new MemoryTable('t');
  table.found.set('1', 'different');
  table.unanswered = '1 probes have no answer';
  const { repaired, last } = await run([table]);
  expect([repaired, last]).toMatchObject([
    0,
    { repaired: 0, left: 1, tables: [{ verdict: 'different', notes: ['1 probes have no answer'] }] },
  ]);
  expect(log).not.toContain('lower t');
});

it('rows that are sent get a second try; what is as it was then is left to a person, with what the loader said of it', async () => {
  const table = new MemoryTable('t');
  table.isSent = true;
  table.found.set('1', 'different').set('2', 'different').set('3', 'different').set('4', 'different');
  // 1 is possible when 2 is written; 3 never is; 4 has become another row when it is asked for.
  table.answer = (hash) => (hash === '2' || (hash === '1' && table.equal.has('2')) ? 'written' : 'changed');
  table.asking = () => void table.found.set('4', 'missing-here');
  const { repaired, last } = await run([table]);
  expect([repaired, last]).toMatchObject([
    2,
    { repaired: 2, refused: 1, changed: 1, left: 0, tables: [{ verdict: 'different', missingHere: 1, different: 1 }] },
  ]);
  expect([...table.problems]).toEqual([['3', expect.stringMatching(/^it was sent twice and is as it was/)]]);
  expect(log.filter((entry) => entry.startsWith('t '))).toEqual(['t 1 2 3 4', 't 1 3 4']);
  table.said.set('3', 'held by id=9');
  await run([table]);
  expect(table.problems.get('3')).toBe('held by id=9');
});

it('a row that is in flight both times is no row that was repaired twice', async () => {
  const table = new MemoryTable('t');
  table.isSent = true;
  table.found.set('1', 'different');
  table.answer = () => 'changed';
  table.inFlight = true;
  const { last } = await run([table]);
  expect([last, table.problems.size]).toMatchObject([{ refused: 0, changed: 1 }, 0]);
});

it('rows that a person decides about, and tables that are refused, are not written', async () => {
  const [table, other] = [new MemoryTable('t'), new MemoryTable('u')];
  table.found.set('1', 'different').set('2', 'different');
  other.found.set('1', 'different');
  other.refused = 'neither end is home';
  const spared: RoundOptions['spared'] = async () => new Map([[table, new Map([['1', 'changed at the target since the hole began']])]]);
  const { last } = await run([table, other], { spared });
  expect(log).toEqual(['raise t', 'raised', 't 2', 'arrived']);
  expect(last).toMatchObject({ repaired: 1, refused: 2, left: 0 });
  expect([...table.problems, ...other.problems].map(([, why]) => why)).toEqual([
    'changed at the target since the hole began',
    'neither end is home',
  ]);
});

it('a table is not equal where the verification left ranges or rows open', async () => {
  const [ranges, open] = [new MemoryTable('ranges'), new MemoryTable('open')];
  for (const table of [ranges, open]) table.found.set('1', 'different');
  const of = [
    verified('ranges', { ranges: 2 }),
    verified('open', { notes: ['3 rows were changed again and again while they were compared'] }),
  ];
  const { last } = await run([ranges, open], { of });
  expect(last?.tables.map(({ verdict }) => verdict)).toEqual(['unsettled', 'unsettled']);
  expect(log.filter((entry) => entry.startsWith('lower'))).toEqual([]);
  expect(verifiesAgain({ tables: last?.tables ?? [] }, 2)).toBe('now');
  expect(verifiesAgain({ tables: last?.tables ?? [] }, 0)).toBe('later');
});

it('whoever cancels it between two pages ends it there', async () => {
  const table = new MemoryTable('t');
  for (let i = 0; i < 120; i++) table.found.set(String(1000 + i), 'different');
  let looks = 0;
  const look = async (): Promise<void> => {
    if (++looks > 3) throw new Error('cancelled');
  };
  await expect(run([table], { look })).rejects.toThrow('cancelled');
  expect([table.equal.size, table.found.size]).toEqual([100, 120]);
});
