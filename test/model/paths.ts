/** All interleavings of a small model, each state once: how many end well and badly, and the shortest that ends badly. */

export interface Turn<State> {
  readonly name: string;
  readonly state: State;
}

export interface Model<State> {
  readonly first: State;
  turns(state: State): readonly Turn<State>[];
  /** Where nothing can happen any more: what is wrong; null: nothing. */
  verdict(state: State): string | null;
}

export interface Ends {
  readonly good: number;
  readonly bad: number;
  readonly shortest: readonly string[] | null;
}

export function endsOf<State>({ first, turns, verdict }: Model<State>): Ends {
  const found = new Map<string, Ends>();
  return visit(first);

  function visit(state: State): Ends {
    const key = JSON.stringify(state);
    const known = found.get(key);
    if (known) return known;
    const next = turns(state);
    const result = next.length > 0 ? next.reduce(added, { good: 0, bad: 0, shortest: null }) : ended(verdict(state));
    found.set(key, result);
    return result;
  }

  function added(sum: Ends, { name, state }: Turn<State>): Ends {
    const { good, bad, shortest } = visit(state);
    const isShorter = shortest !== null && (sum.shortest === null || shortest.length + 1 < sum.shortest.length);
    return { good: sum.good + good, bad: sum.bad + bad, shortest: isShorter ? [name, ...shortest] : sum.shortest };
  }
}

function ended(wrong: string | null): Ends {
  return wrong === null ? { good: 1, bad: 0, shortest: null } : { good: 0, bad: 1, shortest: [wrong] };
}
