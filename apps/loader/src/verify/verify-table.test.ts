import type { Row } from '@lutra/model';
import { expect, it } from 'vitest';
import { MemoryPair } from './memory-pair.fixture.js';
import type { Outcomes, ProbeOutcome, ProbeStore } from './probes.js';
import { fewKeys, verifyTable } from './verify-table.js';
import type { TableVerification } from './verify-table.js';

const { signal } = new AbortController();

/** Answers as `answer` says, at once. */
class Probes implements ProbeStore {
  readonly #asked = new Map<string, { readonly key: Row; outcome: ProbeOutcome }>();
  questions = 0;

  constructor(readonly answer: (key: Row, times: number) => ProbeOutcome) {}

  async begin(): Promise<void> {
    this.#asked.clear();
  }

  async ask(keys: readonly Row[]): Promise<void> {
    this.questions += 1;
    for (const key of keys) this.#asked.set(JSON.stringify(key), { key, outcome: this.answer(key, this.questions) });
  }

  async outcomes(): Promise<Outcomes> {
    const found = { asked: 0, equal: 0, 'in-flight': 0, 'missing-here': 0, 'missing-there': 0, different: 0 };
    for (const { outcome } of this.#asked.values()) found[outcome] += 1;
    return found;
  }

  async keysWith(outcome: ProbeOutcome): Promise<readonly Row[]> {
    return [...this.#asked.values()].filter((each) => each.outcome === outcome).map(({ key }) => key);
  }

  async keep(): Promise<void> {
    for (const [text, { outcome }] of this.#asked) if (['asked', 'equal', 'in-flight'].includes(outcome)) this.#asked.delete(text);
  }

  async problem(): Promise<string | null> {
    return null;
  }

  get left(): readonly string[] {
    return [...this.#asked.keys()];
  }
}

function verification(pair: MemoryPair, probes: Probes, more: Partial<TableVerification> = {}): TableVerification {
  const between = async (): Promise<void> => undefined;
  const probing = { signal, pollMs: 1, patienceMs: 20 };
  return { pair, probes, crossed: async () => null, stands: async () => null, sieve: { between }, probing, mayBeExtra: false, ...more };
}

/** The source writes b and a in turn, and each time that somebody looks the last write is on its way. */
function turning(): MemoryPair {
  const pair = new MemoryPair();
  pair.source.set(1, 'a');
  pair.target.set(1, 'a');
  pair.onRead = () => {
    pair.source.set(1, 'b');
    pair.target.set(1, 'a');
  };
  return pair;
}

it('a value that goes and comes back differs in both looks: only the question in the log tells that it is equal', async () => {
  const probes = new Probes((_, times) => (times < 2 ? 'in-flight' : 'equal'));
  // What values alone would report.
  const naive = new Probes(() => 'different');
  expect(await verifyTable(verification(turning(), naive))).toMatchObject({ verdict: 'different', different: 1 });
  expect(await verifyTable(verification(turning(), probes))).toMatchObject({ verdict: 'equal', different: 0 });
  expect([probes.questions, probes.left]).toEqual([2, []]);
});

/** So many rows of the source that have not arrived yet. */
function onTheirWay(count: number): { readonly pair: MemoryPair; arrive(): void } {
  const pair = new MemoryPair();
  for (let id = 1; id <= count; id++) pair.source.set(id, 'a');
  return { pair, arrive: () => pair.source.forEach((v, id) => pair.target.set(id, v)) };
}

it('many rows that had only not arrived yet are asked for by nobody', async () => {
  const { pair, arrive } = onTheirWay(fewKeys + 1);
  const probes = new Probes(() => 'different');
  const crossed = async (): Promise<null> => {
    arrive();
    return null;
  };
  expect(await verifyTable(verification(pair, probes, { crossed }))).toMatchObject({ verdict: 'equal', rows: fewKeys + 1 });
  expect(probes.questions).toBe(0);
});

it('few rows are asked for at once: nothing is waited for until one is in flight', async () => {
  const { pair } = onTheirWay(fewKeys);
  let crossings = 0;
  const crossed = async (): Promise<null> => {
    crossings += 1;
    return null;
  };
  const equal = new Probes(() => 'equal');
  expect(await verifyTable(verification(pair, equal, { crossed }))).toMatchObject({ verdict: 'equal' });
  expect([crossings, equal.questions]).toEqual([0, 1]);
  const moving = new Probes((_, times) => (times < 2 ? 'in-flight' : 'equal'));
  expect(await verifyTable(verification(pair, moving, { crossed }))).toMatchObject({ verdict: 'equal' });
  expect([crossings, moving.questions]).toEqual([1, 2]);
});

it('where a pipeline stands nothing is asked for: no answer would come', async () => {
  const { pair } = onTheirWay(1);
  const probes = new Probes(() => 'asked');
  const why = 'pipeline c.p is paused at seq 7';
  expect(await verifyTable(verification(pair, probes, { stands: async () => why }))).toMatchObject({
    verdict: 'unsettled',
    notes: [`1 rows differ, and ${why}`],
  });
  expect(probes.questions).toBe(0);
});

it('rows that are always in flight are unsettled, and are no differences', async () => {
  const probes = new Probes(() => 'in-flight');
  const result = await verifyTable(verification(turning(), probes));
  expect(result).toMatchObject({
    verdict: 'unsettled',
    different: 0,
    notes: ['1 rows were changed again and again while they were compared'],
  });
  expect([probes.questions, probes.left]).toEqual([3, []]);
});

it('a row at the target alone is extra where others may have written it', async () => {
  const pair = new MemoryPair();
  pair.target.set(1, 'a');
  const probes = (): Probes => new Probes(() => 'missing-there');
  expect(await verifyTable(verification(pair, probes()))).toMatchObject({ verdict: 'different', missingThere: 1, extra: 0 });
  expect(await verifyTable(verification(pair, probes(), { mayBeExtra: true }))).toMatchObject({ missingThere: 0, extra: 1 });
});

it('ranges that were only counted keep a table from being equal', async () => {
  const pair = new MemoryPair();
  for (let id = 0; id < 300; id++) pair.source.set(id, 'a');
  const sieve = { rangeRows: 100, maxKeys: 50, between: async () => undefined };
  const crossed = async (): Promise<null> => {
    for (let id = 0; id < 300; id++) pair.target.set(id, 'a');
    return null;
  };
  const result = await verifyTable(verification(pair, new Probes(() => 'equal'), { sieve, crossed }));
  expect(result).toMatchObject({ verdict: 'unsettled', different: 0 });
  expect(result.ranges).toBeGreaterThan(0);
});

it('rows behind a schema change at which the pipeline holds have no answer, and who waits for them is told why at once', async () => {
  const pair = new MemoryPair();
  pair.source.set(1, 'a');
  const holds = 'pipeline c.p holds behind seq 6 at ALTER TABLE shop.t (policy), until that is answered';
  let looks = 0;
  const held = async (): Promise<string | null> => ((looks += 1) > 2 ? holds : null);
  const probing = { signal, pollMs: 1, held };
  const found = await verifyTable(verification(pair, new Probes(() => 'asked'), { probing }));
  expect(found).toMatchObject({ verdict: 'unsettled', notes: [`${holds}: 1 probes have no answer`] });
});
