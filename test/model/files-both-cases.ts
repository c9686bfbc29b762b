/** The cases of `files-both.ts`. */
import type { BothCase, Write } from './files-both-words.js';

/** Each write has a path of its own; its bytes and its tag are its number. */
export const own = (n: number, key = 'r', cleans = false): Write => ({ key, path: `p${n}`, tag: n, bytes: n, cleans });
export const fixed = (n: number, key = 'r'): Write => ({ ...own(n, key), path: 'p' });
export const equal = (bytes: number): Write => ({ ...fixed(bytes), tag: 9 });
const gone: Write = { key: 'r', path: null, tag: 0, bytes: 0, cleans: false };

export const bothCases: Readonly<Record<string, BothCase['writes']>> = {
  'one write each': { A: [own(1)], B: [own(2)] },
  'two writes each': { A: [own(1), own(3)], B: [own(2), own(4)] },
  'a row is deleted': { A: [own(1), gone], B: [own(2), own(4)] },
  'deleted at the other side': { A: [own(1), own(3)], B: [own(2), gone] },
  'two rows': { A: [own(1), own(3, 's')], B: [own(2), own(4, 's')] },
};
