import { describe, expect, it } from 'vitest';
import { initialState, nextStates, suspensionProtocol, wrongAtEnd } from './suspension.js';
import type { State, SuspensionCase, SuspensionRules } from './suspension.js';

interface Found {
  readonly states: number;
  /** The first way to an end that must not be. */
  readonly wrong: readonly string[] | null;
  readonly suspended: number;
}

/** Every state that can be reached, once; breadth first, so that what is found is shortest. */
function explore(example: SuspensionCase, rules: SuspensionRules = suspensionProtocol): Found {
  const from = new Map<string, { readonly step: string; readonly before: string }>();
  let open: readonly State[] = [initialState(example)];
  from.set(JSON.stringify(open[0]), { step: '', before: '' });
  let suspended = 0;
  while (open.length > 0) {
    const found: State[] = [];
    for (const state of open) {
      const key = JSON.stringify(state);
      const steps = nextStates(state, example, rules);
      const end = steps.length === 0 ? wrongAtEnd(state) : null;
      if (end !== null) return { states: from.size, wrong: [...path(from, key), end], suspended };
      if (steps.length === 0 && (state.A.out || state.returned)) suspended += 1;
      for (const { name, state: next, wrong } of steps) {
        if (wrong !== undefined) return { states: from.size, wrong: [...path(from, key), name, wrong], suspended };
        const text = JSON.stringify(next);
        if (from.has(text)) continue;
        from.set(text, { step: name, before: key });
        found.push(next);
      }
    }
    open = found;
  }
  return { states: from.size, wrong: null, suspended };
}

function path(from: ReadonlyMap<string, { readonly step: string; readonly before: string }>, key: string): readonly string[] {
  const { step = '', before = '' } = from.get(key) ?? {};
  return step === '' ? [] : [...path(from, before), step];
}

const nothing = { A: [], B: [] };
const cases: Readonly<Record<string, SuspensionCase>> = {
  'a value that A cannot read': { scripts: { A: ['t', 'bad', 'u'], B: ['t', 'tu'] }, after: nothing, refusals: 0, kills: 0 },
  'a refusal of either target': { scripts: { A: ['t', 'u'], B: ['tu', 't'] }, after: nothing, refusals: 1, kills: 0 },
  'both, and a capture that is killed': { scripts: { A: ['bad', 'u'], B: ['tu'] }, after: nothing, refusals: 2, kills: 1 },
  'a refusal, and a capture that is killed': { scripts: { A: ['t'], B: ['tu', 't'] }, after: nothing, refusals: 1, kills: 1 },
  'and it comes back': { scripts: { A: ['bad'], B: ['t'] }, after: { A: ['t'], B: ['t'] }, refusals: 1, kills: 0 },
};

describe('a table that is suspended both ways', () => {
  it.each(Object.entries(cases))('%s: no change is applied blindly, both directions leave it out, its neighbour has all', (_, example) => {
    const { states, wrong, suspended } = explore(example);
    console.log(`${states} states, ${suspended} ends with it suspended`);
    expect(wrong).toBeNull();
    expect(suspended).toBeGreaterThan(0);
  });
});

describe('the model can fail', () => {
  const naive: readonly (readonly [string, keyof typeof cases, Partial<SuspensionRules>])[] = [
    ['where only the loader suspends that met it', 'a refusal of either target', { backRule: false, peerRule: false }],
    ['without the back rule', 'a refusal of either target', { backRule: false }],
    ['without the peer rule', 'a value that A cannot read', { peerRule: false }],
    ['where a loader does not wait for its watermark', 'a value that A cannot read', { watermark: false }],
    ['where a claim discards what was left out', 'a refusal, and a capture that is killed', { carried: false }],
    ['where it is written behind what follows', 'a value that A cannot read', { written: 'later' }],
    ['where `seen` does not cover the end of a suspension', 'and it comes back', { saved: false }],
  ];

  it.each(naive)('%s', (_, name, otherwise) => {
    const { wrong } = explore(cases[name]!, { ...suspensionProtocol, ...otherwise });
    console.log(wrong?.join('; '));
    expect(wrong).not.toBeNull();
  });
});
