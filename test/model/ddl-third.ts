/**
 * A statement of B that a person runs at home (A), and a third region: A, B and C have pipelines to each other, and nobody forwards.
 * Does it run once everywhere? It is one that does harm when it runs twice. docs/decisions/0034-ddl.md, rule 14.
 */
import type { Model, Turn } from './paths.js';

export type Region = 'A' | 'B' | 'C';
/** What home publishes of it: with the path that it had, as if it were new, or nothing, as of any copy. */
export type MadeOwn = 'with path' | 'as new' | 'as a copy';

interface Place {
  readonly ran: number;
  /** Paths of what it has published. */
  readonly log: readonly (readonly Region[])[];
  /** Of the logs of the others. */
  readonly applied: Readonly<Record<Region, number>>;
}

type ThirdState = Readonly<Record<Region, Place>>;

const regions = ['A', 'B', 'C'] as const;
const place: Place = { ran: 0, log: [], applied: { A: 0, B: 0, C: 0 } };

export function thirdModel(rule: MadeOwn): Model<ThirdState> {
  return {
    first: { A: place, B: { ...place, ran: 1, log: [['B']] }, C: place },
    turns: (state) =>
      regions.flatMap((at) => regions.filter((from) => from !== at).flatMap((from) => arrived(state, { from, at }, rule) ?? [])),
    verdict: (state) => {
      const ran = regions.map((region) => state[region].ran);
      if (ran.some((times) => times !== 1)) return `it ran ${ran.join(', ')} times`;
      const stands = regions.some((at) => regions.some((from) => from !== at && state[at].applied[from] < state[from].log.length));
      return stands ? 'a pipeline stands' : null;
    },
  };
}

/** Null: nothing has come, or it is held. */
function arrived(state: ThirdState, { from, at }: { readonly from: Region; readonly at: Region }, rule: MadeOwn): Turn<ThirdState> | null {
  const here = state[at];
  const path = state[from].log[here.applied[from]];
  if (!path) return null;
  const passed = { ...here, applied: { ...here.applied, [from]: here.applied[from] + 1 } };
  const turn = (name: string, next: Place): Turn<ThirdState> => ({ name: `${name} ${from}→${at}`, state: { ...state, [at]: next } });
  if (path.includes(at)) return turn('pass', passed);
  const ran = { ...passed, ran: here.ran + 1 };
  if (from === 'A') return turn('apply', ran);
  // What is not of home: at home a person runs it, elsewhere it waits until it is there.
  if (at !== 'A') return here.ran > 0 ? turn('met', passed) : null;
  if (rule === 'as a copy') return turn('run', ran);
  return turn('run', { ...ran, log: [...here.log, rule === 'with path' ? [...path, 'A'] : ['A']] });
}
