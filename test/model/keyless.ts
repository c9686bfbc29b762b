/**
 * A table without any key is copied: one read at one place of the log, into an empty table. Applications write equal rows, capture and
 * loader are killed, the pipeline is rewound, a person skips. Does the target end as the source is, or is it refused by name?
 * docs/decisions/0032-seeding.md.
 */
import { captureTurns, writeTurns } from './keyless-source.js';
import { loaderTurns } from './keyless-target.js';
import { textOf } from './keyless-words.js';
import type { KeylessCase, KeylessRules, KeylessState } from './keyless-words.js';
import type { Model } from './paths.js';

export function keylessModel(example: KeylessCase, rules: KeylessRules): Model<KeylessState> {
  const { rows, writes, unlogged, kills, rewinds, skips, gaps, there } = example;
  const source = { rows, binlog: [], script: writes, unlogged, read: 0, reading: null } as const;
  const target = { here: there, whole: null, isBegun: false, isDone: false, applied: 0, before: -1, half: 0, refused: false } as const;
  return {
    first: { ...source, ...target, log: [{ kind: 'begin' }], kills, rewinds, skips, gaps },
    turns: (state) => [...writeTurns(state, rules), ...captureTurns(state, rules), ...loaderTurns(state, rules)],
    verdict: (state) => verdict(state),
  };
}

function verdict({ rows, here, isDone, refused }: KeylessState): string | null {
  if (refused) return null;
  if (!isDone) return 'it is never done';
  return textOf(rows) === textOf(here) ? null : `the source has ${textOf(rows)}, the target ${textOf(here)}`;
}
