/** No row is there without its file, and no file stays that was not committed; and the rules for which that does not hold. */
import { afterAll, describe, expect, it } from 'vitest';
import { calm, filesCases, row } from './files-cases.js';
import { filesModel } from './files.js';
import { filesProtocol } from './files-words.js';
import type { FileFaults, FileRules, FilesCase } from './files-words.js';
import { endsOf } from './paths.js';

const total = { good: 0 };
afterAll(() => console.log(`files: ${total.good.toExponential(1)} interleavings`));

function holds(example: FilesCase, rules: FileRules = filesProtocol): void {
  const { good, bad, shortest } = endsOf(filesModel(example, rules));
  expect(shortest, JSON.stringify(example)).toBeNull();
  expect(bad).toBe(0);
  total.good += good;
}

const each: readonly Partial<FileFaults>[] = [
  { loader: 2 },
  { loader: 1, app: 1 },
  { sleep: 1, refusal: 1 },
  { timeout: 1, refusal: 1 },
  { loader: 1, skip: 1 },
];
const { replaced, fresh, twice, moved, gone, again, application, pair, onePath } = filesCases;

describe('each row has its file at any time, and nothing else stays', () => {
  it.each(Object.entries({ replaced, fresh, twice, moved, gone, application }))('%s', (_, example) => {
    for (const faults of each) holds({ ...example, faults: { ...calm, ...faults } });
  });

  it('a place whose answer did not come is asked for again, by its number', () => {
    for (const example of [replaced, fresh, gone])
      for (const faults of each) holds({ ...example, faults: { ...calm, ...faults } }, { ...filesProtocol, noAnswer: 'again' });
  });

  it('a path that is named again while it is to go', () => {
    for (const faults of [{ loader: 1 }, { app: 1 }, { session: 1 }]) holds({ ...again, faults: { ...calm, ...faults } });
  });

  it.each(Object.entries({ pair, onePath }))('two pipelines: %s', (_, example) => {
    for (const faults of [{ loader: 1 }, { refusal: 1 }]) holds({ ...example, faults: { ...calm, ...faults } });
  });
});

describe('a row without its file, or a file without a row', () => {
  it.each<[string, FilesCase, Partial<FileFaults>, Partial<FileRules>]>([
    ['it is placed behind COMMIT', fresh, {}, { order: 'commit, place' }],
    ['it is placed before it is verified', fresh, {}, { staged: 'as it comes' }],
    ['what it replaces is noted behind the rename', replaced, { app: 1, skip: 1 }, { noted: 'behind' }],
    ['nobody looks at epochs', twice, { sleep: 1 }, { fence: 'none' }],
    ['the fence does not wait for what is under way', replaced, { sleep: 1, skip: 1 }, { fence: 'at once' }],
    ['another files app takes the root when the lease is over', replaced, { app: 1, skip: 1 }, { root: 'lease is over' }],
    ['a take-over carries on instead of undoing', replaced, { loader: 1, skip: 1 }, { takeOver: 'redo' }],
    [
      'a take-over undoes by the seq of a log, and the log is a new one',
      { ...twice, logs: [[row('r', 'p', 1, 7), row('s', 'q', 3, 1)]] },
      { loader: 1 },
      { covered: 'by seq' },
    ],
    ['a take-over reads what is committed before it raises the epoch', fresh, { loader: 1 }, { read: 'before the epoch' }],
    [
      'a place without an answer is taken back while it is under way',
      replaced,
      { timeout: 1, skip: 1 },
      { noAnswer: 'taken back', late: 'taken' },
    ],
    ['another pipeline has placed it and not committed: it is there', pair, { loader: 1, skip: 1 }, { othersOpen: 'same' }],
    ['a placing keeps what another one had placed under it', pair, { loader: 1, skip: 2, refusal: 1 }, { under: 'stays' }],
    ['what is there already stands in no open placing', again, {}, { same: 'is not open', deletes: 'lock' }],
    ['a deletion does not lock', again, {}, { deletes: 'looked at' }],
    ['a deletion locks the row, and its session ends', again, { session: 1 }, { deletes: 'lock' }],
    ['a deletion goes by the path', application, {}, { identity: 'by path' }],
    ['a file goes before its row', gone, {}, { deleted: 'before COMMIT' }],
  ])('%s', (name, example, faults, naive) => {
    const faulty = { ...example, faults: { ...calm, ...faults } };
    holds(faulty);
    const { good, bad, shortest } = endsOf(filesModel(faulty, { ...filesProtocol, ...naive }));
    console.log(`${name}: ${bad} of ${good + bad}: ${shortest?.join('; ') ?? ''}`);
    expect(bad).toBeGreaterThan(0);
  });

  it('two pipelines bring one path with different bytes', () => {
    const { good, bad } = endsOf(filesModel({ ...replaced, logs: [[row('r', 'p', 2)], [row('r', 'p', 3)]] }, filesProtocol));
    console.log(`two pipelines bring one path with different bytes: ${bad} of ${good + bad}`);
    expect(bad).toBeGreaterThan(0);
  });
});
