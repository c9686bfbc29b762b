/** Each row gets bytes as new as it is, and nothing stops that the log explains; and the rules for which that does not hold. */
import { describe, expect, it } from 'vitest';
import { askModel, askProtocol } from './files-ask.js';
import type { Action, AskCase, AskRules } from './files-ask.js';
import { endsOf } from './paths.js';

const file = (path: string, bytes: number): Action => ({ kind: 'file', path, bytes });
const row = (path: string | null, bytes: number): Action => ({ kind: 'row', path, bytes });
const remove = (path: string): Action => ({ kind: 'remove', path });

const cases: Readonly<Record<string, AskCase>> = {
  'one path, written again and again': {
    actions: [file('p', 1), row('p', 1), file('p', 2), row('p', 2), file('p', 3), row('p', 3)],
    ahead: 2,
    hash: false,
  },
  'a path for each row, the old file is removed': {
    actions: [file('p', 1), row('p', 1), file('q', 2), row('q', 2), remove('p'), file('s', 3), row('s', 3), remove('q')],
    ahead: 2,
    hash: false,
  },
  'the row is deleted, and then its file': { actions: [file('p', 1), row('p', 1), row(null, 0), remove('p')], ahead: 1, hash: false },
  'it comes back under its path': {
    actions: [file('p', 1), row('p', 1), row(null, 0), remove('p'), file('p', 2), row('p', 2)],
    ahead: 1,
    hash: false,
  },
  'the file is removed, and then its row': { actions: [file('p', 1), row('p', 1), remove('p'), row(null, 0)], ahead: 1, hash: false },
  'the row, and then its file': { actions: [row('p', 1), file('p', 1)], ahead: 0, hash: false },
  'one path, with a hash in the row': { actions: [file('p', 1), row('p', 1), file('p', 2), row('p', 2)], ahead: 1, hash: true },
};

it.each(Object.entries(cases))('%s', (_, example) => {
  for (const ahead of [0, example.ahead]) {
    const { bad, shortest } = endsOf(askModel({ ...example, ahead }, askProtocol));
    expect(shortest).toBeNull();
    expect(bad).toBe(0);
  }
});

describe('a row gets the file of another one, or stops', () => {
  it.each<[string, keyof typeof cases, Partial<AskRules>]>([
    ['an ask is shared with a row that is read later', 'one path, written again and again', { shared: 'any' }],
    ['a file is hashed in one state and sent in another', 'one path, written again and again', { validator: false }],
    ['what is not there is missing', 'a path for each row, the old file is removed', { missing: 'missing' }],
    ['only what is read ahead tells that a row is superseded', 'a path for each row, the old file is removed', { missing: 'read ahead' }],
    ['what is not there is missing at once', 'the file is removed, and then its row', { missing: 'missing' }],
    ['the row is looked up as it is visible', 'the row, and then its file', { look: 'as it is visible' }],
    ['a file with another hash than the row stops', 'one path, with a hash in the row', { mismatch: 'stops' }],
  ])('%s', (name, example, naive) => {
    const { good, bad, shortest } = endsOf(askModel(cases[example]!, { ...askProtocol, ...naive }));
    console.log(`${name}: ${bad} of ${good + bad}: ${shortest?.join('; ') ?? ''}`);
    expect(bad).toBeGreaterThan(0);
  });
});
