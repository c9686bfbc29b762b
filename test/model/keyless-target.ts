/** What happens at the target in keyless.ts: the loader applies, is killed, is rewound; a person skips a chunk, and empties the table. */
import { added, changed, isEmpty, none } from './keyless-words.js';
import type { Change, KeylessRules, KeylessState, Logged } from './keyless-words.js';
import type { Turn } from './paths.js';

type Turns = readonly Turn<KeylessState>[];

export function loaderTurns(state: KeylessState, rules: KeylessRules): Turns {
  const { log, applied, kills, rewinds, skips, half } = state;
  const found: Turn<KeylessState>[] = [];
  const turn = (name: string, next: Partial<KeylessState>): void => void found.push({ name, state: { ...state, ...next } });
  if (state.refused) return [];
  const next = log[applied];
  if (next) found.push(...applies(state, next, rules));
  if (next?.kind === 'chunk' && skips > 0) turn('a person skips the chunk', { applied: applied + 1, skips: skips - 1, half: 0 });
  // What is in no transaction yet is gone; a tick that was written before the rows stays.
  if (kills > 0 && half > 0) turn('the loader is killed', { kills: kills - 1, half: 0 });
  if (rewinds > 0 && state.isBegun)
    for (let to = 1; to < applied; to++)
      turn(`it is rewound to ${to}`, { applied: to, before: Math.max(state.before, applied - 1), rewinds: rewinds - 1, half: 0 });
  return found;
}

function applies(state: KeylessState, record: Logged, rules: KeylessRules): Turns {
  const { applied, whole } = state;
  const on = { applied: applied + 1 };
  const turn = (name: string, next: Partial<KeylessState>): Turns => [{ name, state: { ...state, ...on, ...next } }];
  switch (record.kind) {
    case 'begin':
      return turn('it begins', { isBegun: true });
    case 'gap':
      return turn('the table comes back', rules.gap === 'void' && !state.isDone ? { whole: null } : {});
    case 'end':
      // Only what is ticked off then.
      return turn('it ends', whole === null ? {} : { isDone: true });
    case 'change':
      return turn('the loader applies', change(state, record, rules));
    case 'chunk':
      return chunk(state, record, rules);
  }
}

function change(state: KeylessState, record: Change, rules: KeylessRules): Partial<KeylessState> {
  const { here, whole, applied, before } = state;
  const isAwaited = whole === null && rules.state === 'from the beginning';
  if (isAwaited || (whole !== null && applied < whole && rules.rewound === 'by the place')) return early(state, record, rules);
  // Nobody knows whether it is one of several equal rows: after a rewind it is refused.
  if (applied <= before && rules.rewound === 'by the place') return { refused: true };
  const next = changed(here, record);
  return next ? { here: next } : { refused: true };
}

function early({ here }: KeylessState, { before, after }: Change, rules: KeylessRules): Partial<KeylessState> {
  if (rules.before === 'passed over') return {};
  const next = changed(here, { before, after });
  if (next) return { here: next };
  return rules.before === 'written whole' && after !== null ? { here: changed(here, { before: null, after }) ?? here } : {};
}

/** All of it in one transaction. Naively its tick, or a part of it, is there before the rest. */
function chunk(state: KeylessState, record: Extract<Logged, { kind: 'chunk' }>, rules: KeylessRules): Turns {
  const { here, whole, applied, half } = state;
  const turn = (name: string, next: Partial<KeylessState>): Turns => [{ name, state: { ...state, ...next } }];
  const passed = { applied: applied + 1, half: 0 };
  const isIn = whole !== null && !(rules.tick === 'before' && half > 0);
  if (isIn && record.part === 0 && rules.again === 'passed over') return turn('a chunk is passed over', passed);
  if (!isEmpty(here) && record.part === 0 && rules.there === 'refused') {
    // A person empties it, and it is taken; or the person does not.
    return [...turn('it is refused', { refused: true }), ...turn('a person empties the table', { here: none })];
  }
  if (rules.tick === 'before' && half === 0) return turn('the tick alone', { whole: applied, half: 1 });
  return turn('the rows are in', { ...passed, here: added(here, record.rows), whole: applied });
}
