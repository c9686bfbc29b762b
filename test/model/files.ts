/**
 * Files that belong to rows, at their target: they are placed before their row is committed, taken back, settled and deleted, while loaders
 * and the files app are killed, sleep and are followed by others. Is any row ever visible without its file, and does anything stay that no
 * committed row names? docs/decisions/0035-files.md.
 */
import { appTurns } from './files-app.js';
import { faultTurns, newest, successorTurns } from './files-faults.js';
import { isOwn, loaderTurns } from './files-loader.js';
import { applicationTurns, own, textTurns, workerTurns } from './files-target.js';
import type { At, FileRules, FilesCase, FilesState, Loader } from './files-words.js';
import type { Model, Turn } from './paths.js';

export function filesModel(example: FilesCase, rules: FileRules): Model<FilesState> {
  const at = { example, rules };
  return {
    first: first(example),
    turns: (state) => {
      if (seen(state, at) !== null) return [];
      const loader = state.loaders.find(isOwn);
      if (loader) return loaderTurns(state, loader, at);
      const turns = plainTurns(state, at);
      return turns.length > 0 ? [...turns, ...faultTurns(state, at)] : [];
    },
    verdict: (state) => seen(state, at) ?? atRest(state, at),
  };
}

function plainTurns(state: FilesState, at: At): readonly Turn<FilesState>[] {
  return [
    ...state.loaders.flatMap((loader) => loaderTurns(state, loader, at)),
    ...appTurns(state, at),
    ...state.texts.flatMap((text) => textTurns(state, text, at)),
    ...workerTurns(state, at),
    ...applicationTurns(state, at),
    ...successorTurns(state),
  ];
}

function first({ logs, before, faults }: FilesCase): FilesState {
  const files = before.map(({ path, bytes }, id) => [path, { bytes: bytes!, id }] as const);
  const zero = logs.map(() => 0);
  return {
    rows: Object.fromEntries(before.map(({ key, path, bytes }) => [key, { path, bytes: bytes! }])),
    known: Object.fromEntries(files.map(([path, { id }]) => [path, { id, pipeline: 0, state: 'placed' }])),
    epoch: zero.map(() => 1),
    n: zero,
    seq: zero,
    applied: zero,
    texts: [],
    locks: {},
    disk: Object.fromEntries(files),
    stage: [],
    undo: [],
    fence: zero.map(() => 1),
    closed: [],
    marks: {},
    requests: [],
    ids: before.length,
    loaders: logs.map((_, pipeline): Loader => ({ ...begun, pipeline })),
    workers: [],
    application: 'waits',
    faults,
  };
}

const begun = { session: 1, phase: 'work', waits: false, open: [], at: 0, n: 0, seq: 0, put: null } as const;

/** What a reader of the target sees at any time. */
function seen({ rows, disk }: FilesState, { example }: At): string | null {
  for (const [key, row] of Object.entries(rows)) {
    const file = row && (disk[row.path] ?? null);
    if (!row) continue;
    if (!file) return `row ${key} is there without its file`;
    if (example.immutable ? file.bytes !== row.bytes : file.bytes < row.bytes) return `row ${key} is there with the bytes of another one`;
  }
  return null;
}

function atRest(state: FilesState, { example }: At): string | null {
  const { rows, disk, undo, known, applied } = state;
  if (example.logs.some((log, pipeline) => applied[pipeline]! < log.length) || newest(state).some(({ phase }) => phase !== 'work'))
    return 'nothing goes on';
  if (undo.length > 0) return 'a placing is open for ever';
  if (Object.values(known).some((one) => one?.state === 'leaving')) return 'a file never leaves';
  for (const [path, file] of Object.entries(disk)) {
    if (!file || file.bytes === own) continue;
    const named = Object.values(rows).filter((row) => row?.path === path);
    if (named.length === 0) return `at ${path} there are bytes that no committed row names`;
    if (!named.some((row) => row!.bytes === file.bytes)) return `at ${path} there are bytes of no committed row`;
  }
  return null;
}
