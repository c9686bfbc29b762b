/** The cases of `files.ts`. */
import type { Entry, FileFaults, FilesCase } from './files-words.js';

export const calm: FileFaults = { loader: 0, sleep: 0, app: 0, refusal: 0, timeout: 0, skip: 0, session: 0 };

export function row(key: string, path: string, bytes: number | null, seq = 0): Entry {
  return { key, path, bytes, seq };
}

const fresh: FilesCase = { logs: [[row('r', 'p', 2)]], immutable: true, before: [], application: null, faults: calm };
const there = [row('r', 'p', 1)];
const gone: FilesCase = { ...fresh, logs: [[row('r', 'p', null)]], before: there };

export const filesCases = {
  fresh,
  replaced: { ...fresh, immutable: false, before: there },
  twice: { ...fresh, immutable: false, logs: [[row('r', 'p', 1), row('r', 'p', 2)]] },
  moved: { ...fresh, logs: [[row('r', 'q', 2)]], before: there },
  gone,
  /** Another row names the path, with these bytes, while it is to go. */
  again: { ...fresh, logs: [[row('r', 'p', null), row('s', 'p', 1)]], before: there },
  application: { ...gone, application: 'p' },
  /** Two pipelines bring the same file. */
  pair: { ...fresh, logs: [[row('r', 'p', 1)], [row('s', 'p', 1)]] },
  /** One of them finds what it brings. */
  onePath: { ...fresh, logs: [[row('r', 'p', 1)], [row('s', 'q', 2)]], before: [row('t', 'p', 1)] },
} satisfies Readonly<Record<string, FilesCase>>;
