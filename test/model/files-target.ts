/** The target's database in `files.ts`: transactions and deletions of files; and the application that writes there. */
import { unlocked } from './files-app.js';
import { withLoader } from './files-loader.js';
import { entryOf, isOpen, nameOf, set } from './files-words.js';
import type { At, FilesState, Known, Request, Text, Worker } from './files-words.js';
import type { Turn } from './paths.js';

type Turns = readonly Turn<FilesState>[];

export function textTurns(state: FilesState, text: Text, at: At): Turns {
  const { pipeline, session } = text;
  const rest = { ...state, texts: state.texts.filter((one) => one !== text) };
  const loader = state.loaders.find((one) => nameOf(one) === nameOf(text))!;
  const isAwaited = loader.phase === 'sent';
  if (session !== state.epoch[pipeline])
    return [{ name: `refused by epoch ${nameOf(text)}`, state: isAwaited ? withLoader(rest, loader, { phase: 'gone' }) : rest }];
  const entry = entryOf(at.example, text)!;
  const old = state.rows[entry.key]?.path;
  const isLocked = [entry.path, old].some((path) => path !== undefined && state.locks[path]);
  if (isLocked) return [];
  const next = committed(rest, text, at);
  if (!isAwaited) return [{ name: `commits ${nameOf(text)}`, state: next }];
  const isPlaced = at.rules.order === 'place, commit' || entry.bytes === null;
  const turns = [
    { name: `commits ${nameOf(text)}`, state: withLoader(next, loader, { phase: isPlaced ? 'work' : 'place', at: text.at + 1 }) },
  ];
  if (state.faults.refusal === 0) return turns;
  const faults = { ...state.faults, refusal: state.faults.refusal - 1 };
  const part = { phase: text.put && isPlaced ? ('back' as const) : ('work' as const) };
  return [...turns, { name: `refused ${nameOf(text)}`, state: withLoader({ ...rest, faults }, loader, part) }];
}

function committed(state: FilesState, { pipeline, at, n, put }: Text, { example }: At): FilesState {
  const entry = entryOf(example, { pipeline, at })!;
  const { key, path, bytes } = entry;
  const old = state.rows[key]?.path;
  const rows = { ...state.rows, [key]: bytes === null ? null : { path, bytes } };
  const isNamed = (one: string): boolean => Object.values(rows).some((row) => row?.path === one);
  const known = { ...state.known };
  const before = old === undefined ? null : known[old];
  if (old !== undefined && before && !isNamed(old)) known[old] = { ...before, pipeline, state: 'leaving' };
  if (put) known[path] = { id: put.id, pipeline, state: 'placed' };
  return {
    ...state,
    rows,
    known,
    applied: set(state.applied, pipeline, at + 1),
    n: put ? set(state.n, pipeline, n) : state.n,
    seq: set(state.seq, pipeline, entry.seq),
  };
}

/** Begun by loaders that work, one at a time. */
export function workerTurns(state: FilesState, at: At): Turns {
  const begins = state.loaders.flatMap((loader) => {
    const { pipeline, session, phase } = loader;
    const isBusy =
      ['raise', 'fence', 'read', 'undo', 'settle', 'gone'].includes(phase) || state.workers.some((one) => nameOf(one) === nameOf(loader));
    if (isBusy) return [];
    return Object.entries(state.known).flatMap(([path, known]): Turns => {
      if (known?.state !== 'leaving' || known.pipeline !== pipeline || state.locks[path] || isOpen(state, path)) return [];
      const worker = {
        pipeline,
        session,
        path,
        id: known.id,
        waits: false,
        phase: at.rules.deletes === 'mark' ? ('mark' as const) : ('look' as const),
      };
      return [{ name: `deletion begins ${nameOf(worker)}`, state: { ...state, workers: [...state.workers, worker] } }];
    });
  });
  return [...begins, ...state.workers.flatMap((worker) => steps(state, worker, at))];
}

function steps(state: FilesState, worker: Worker, { rules }: At): Turns {
  const { pipeline, session, path, id, phase } = worker;
  const others = state.workers.filter((one) => one !== worker);
  if (worker.waits) return [];
  const turn = (name: string, part: Partial<FilesState>): Turns => [{ name: `${name} ${nameOf(worker)}`, state: { ...state, ...part } }];
  if (phase === 'mark' || phase === 'delete') {
    const request: Request = { op: phase, pipeline, session, n: 0, seq: 0, path, bytes: 0, id, was: null, phase: 'sent', isGhost: false };
    return turn(`asks ${phase}`, { workers: [...others, { ...worker, waits: true }], requests: [...state.requests, request] });
  }
  if (phase === 'look') return looks(state, worker, rules.deletes === 'lock');
  const isLost = rules.deletes === 'lock' && state.locks[path] !== nameOf(worker);
  const now = state.known[path] ?? null;
  const known: Known | null = isLost || now?.state !== 'leaving' || now.id !== id ? now : null;
  return turn('deletion ends', { workers: others, known: { ...state.known, [path]: known }, locks: unlocked(state, nameOf(worker)) });
}

/** The row of lutra.file is as it was, and no row names the path. */
function looks(state: FilesState, worker: Worker, isLocking: boolean): Turns {
  const { path, id } = worker;
  const others = state.workers.filter((one) => one !== worker);
  const known = state.known[path];
  if (isLocking && state.locks[path]) return [];
  const name = `deletion looks ${nameOf(worker)}`;
  if (known?.state !== 'leaving' || known.id !== id) return [{ name, state: { ...state, workers: others } }];
  if (Object.values(state.rows).some((row) => row?.path === path))
    return [{ name, state: { ...state, workers: others, known: { ...state.known, [path]: { ...known, state: 'placed' } } } }];
  const locks = isLocking ? { ...state.locks, [path]: nameOf(worker) } : state.locks;
  return [{ name, state: { ...state, locks, workers: [...others, { ...worker, phase: 'delete' }] } }];
}

/** A path that no row names gets a file of the application's own, and then a row. */
export function applicationTurns(state: FilesState, { example }: At): Turns {
  const path = example.application;
  if (path === null || state.application === 'done') return [];
  const rows = { ...state.rows, application: { path, bytes: own } };
  if (state.application === 'file') return [{ name: 'application writes its row', state: { ...state, rows, application: 'done' } }];
  const isNamed = Object.values(state.rows).some((row) => row?.path === path);
  if (isNamed || state.known[path]?.state !== 'leaving') return [];
  const disk = { ...state.disk, [path]: { bytes: own, id: state.ids + 1 } };
  return [{ name: 'application writes its file', state: { ...state, disk, ids: state.ids + 1, application: 'file' } }];
}

/** The bytes of the application. */
export const own = 100;
