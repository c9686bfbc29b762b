/** The files app of `files.ts`: what becomes of each request that is under way, in any order. */
import { isOpen, nameOf, set } from './files-words.js';
import type { At, File, FilesState, Loader, Request, Undo } from './files-words.js';
import type { Turn } from './paths.js';

type Turns = readonly Turn<FilesState>[];
type Answer = 'done' | 'fenced' | 'not staged' | 'busy';

export function appTurns(state: FilesState, at: At): Turns {
  return state.requests.flatMap((request, index) => {
    if (isHeldUp(state, request, index, at)) return [];
    const name = `${request.op} ${nameOf(request)}${request.phase === 'sent' ? '' : `, ${request.phase}`}`;
    return [{ name, state: carriedOut(state, request, at) }];
  });
}

/** One request of a path at a time; a fence waits for what is under way. Nobody knows of ghosts. */
function isHeldUp({ requests, undo }: FilesState, request: Request, index: number, { rules }: At): boolean {
  if (request.isGhost || request.phase !== 'sent') return false;
  const others = requests.filter((one, at) => at !== index && one.phase !== 'sent' && !one.isGhost);
  if (request.op === 'fence') return rules.fence === 'waits' && others.some(({ pipeline }) => pipeline === request.pipeline);
  if (request.op !== 'unplace') return request.op !== 'settle' && others.some(({ path }) => path === request.path);
  const paths = undo.filter(({ pipeline, n }) => pipeline === request.pipeline && n === request.n).map(({ path }) => path);
  return others.some(({ path }) => path === request.path || paths.includes(path));
}

function carriedOut(state: FilesState, request: Request, at: At): FilesState {
  const { op, phase, pipeline, session } = request;
  const isStale = at.rules.fence !== 'none' && session < state.fence[pipeline]!;
  if (phase === 'sent' && isStale) return answered(state, request, 'fenced');
  switch (op) {
    case 'place':
      return placed(state, request, at);
    case 'unplace':
      return answered(unplaced(state, request, at), request, 'done');
    case 'settle': {
      const settled = state.undo.filter((one) => one.pipeline === pipeline && one.n <= request.n);
      const closed = [...state.closed, ...settled.map(({ n }) => `${nameOf(request)} ${n}`)];
      return answered({ ...state, closed, undo: state.undo.filter((one) => !settled.includes(one)) }, request, 'done');
    }
    case 'fence':
      return fenced(state, request, at);
    case 'mark': {
      if (isOpen(state, request.path)) return answered(state, request, 'busy');
      return answered({ ...state, marks: { ...state.marks, [request.path]: true } }, request, 'done');
    }
    case 'delete':
      return deleted(state, request, at);
  }
}

function fenced(state: FilesState, request: Request, { rules }: At): FilesState {
  const { pipeline, session } = request;
  const fence = set(state.fence, pipeline, Math.max(session, state.fence[pipeline]!));
  return answered(rules.fence === 'none' ? state : { ...state, fence }, request, 'done');
}

function placed(state: FilesState, request: Request, at: At): FilesState {
  const { pipeline, n, seq, path, bytes, phase, id } = request;
  const { rules } = at;
  if (phase === 'sent') return begun(state, request, at);
  const was = phase === 'checked' ? (state.disk[path] ?? null) : request.was;
  const note: Undo = { pipeline, n, seq, path, was, put: { bytes, id } };
  const isNotedNow = (phase === 'checked') === (rules.noted === 'before');
  const next = isNotedNow ? withNote(state, note) : renamed(state, note);
  if (phase === 'checked') return withRequest(next, request, { ...request, was, phase: 'noted' });
  return answered(next, request, 'done', note.put);
}

/** Epoch, taken back, there already, staged. */
function begun(state: FilesState, request: Request, { rules }: At): FilesState {
  const { pipeline, n, seq, path, bytes } = request;
  const { disk, undo, stage, ids } = state;
  if (rules.late === 'refused' && state.closed.includes(`${nameOf(request)} ${n}`)) return answered(state, request, 'fenced');
  const there = disk[path] ?? null;
  const known = undo.find((one) => one.pipeline === pipeline && one.n === n && one.path === path);
  if (known && known.put.id === there?.id) return answered(state, request, 'done', known.put);
  const isOthers = undo.some((one) => one.pipeline !== pipeline && one.path === path);
  const unmarked = { ...state, marks: { ...state.marks, [path]: false } };
  if (there?.bytes === bytes && !(isOthers && rules.othersOpen === 'own copy')) {
    const note = { pipeline, n, seq, path, was: there, put: there };
    return answered(rules.same === 'is open' ? withNote(unmarked, note) : unmarked, request, 'done', there);
  }
  const isCopied = there?.bytes === bytes;
  if (!stage.includes(bytes) && !isCopied) return answered(state, request, 'not staged');
  return withRequest({ ...unmarked, ids: ids + 1 }, request, { ...request, phase: 'checked', id: ids + 1 });
}

function withNote(state: FilesState, note: Undo): FilesState {
  const isSame = ({ pipeline, n, path }: Undo): boolean => pipeline === note.pipeline && n === note.n && path === note.path;
  return { ...state, undo: [...state.undo.filter((one) => !isSame(one)), note] };
}

function renamed(state: FilesState, { path, put }: Undo): FilesState {
  return { ...state, disk: { ...state.disk, [path]: put }, stage: state.stage.filter((bytes) => bytes !== put.bytes) };
}

function unplaced(state: FilesState, { pipeline, session, n }: Request, { rules }: At): FilesState {
  const own = state.undo.filter((one) => one.pipeline === pipeline && one.n === n);
  const closed = [...state.closed, `${nameOf({ pipeline, session })} ${n}`];
  const left = { ...state, closed, undo: state.undo.filter((one) => !own.includes(one)) };
  return own.reduce((now, { path, was, put }) => {
    if (now.disk[path]?.id === put.id)
      return { ...now, disk: { ...now.disk, [path]: was }, stage: [...new Set([...now.stage, put.bytes])] };
    if (rules.under === 'stays') return now;
    return { ...now, undo: now.undo.map((over) => (over.path === path && over.was?.id === put.id ? { ...over, was } : over)) };
  }, left);
}

function deleted(state: FilesState, request: Request, { rules }: At): FilesState {
  const { path, id } = request;
  const isVoid = rules.deletes === 'mark' && !state.marks[path];
  if (isVoid || isOpen(state, path)) return answered(state, request, 'busy');
  const isOther = rules.identity === 'compared' && state.disk[path]?.id !== id;
  return answered(isOther ? state : { ...state, disk: { ...state.disk, [path]: null } }, request, 'done');
}

function withRequest(state: FilesState, request: Request, next: Request): FilesState {
  return { ...state, requests: state.requests.map((one) => (one === request ? next : one)) };
}

/** Whoever asked hears of it, if it still waits. */
function answered(state: FilesState, request: Request, answer: Answer, put: File | null = null): FilesState {
  const requests = state.requests.filter((one) => one !== request);
  const isOf = (one: { pipeline: number; session: number; waits: boolean }): boolean => one.waits && nameOf(one) === nameOf(request);
  const next = { ...state, requests };
  if (request.op === 'mark' || request.op === 'delete') {
    const worker = state.workers.find(isOf);
    if (!worker) return next;
    const others = state.workers.filter((one) => one !== worker);
    if (answer === 'done')
      return { ...next, workers: [...others, { ...worker, waits: false, phase: request.op === 'mark' ? 'look' : 'commit' }] };
    const rest = { ...next, workers: others, locks: unlocked(state, nameOf(worker)) };
    const isFenced = (one: Loader): boolean => answer === 'fenced' && nameOf(one) === nameOf(worker);
    return { ...rest, loaders: state.loaders.map((one) => (isFenced(one) ? { ...one, waits: false, phase: 'gone' as const } : one)) };
  }
  const loaders = state.loaders.map((one) => {
    if (!isOf(one) || !isAnswered(one.phase, request.op) || (request.op === 'place' && request.n !== one.n)) return one;
    if (answer === 'fenced') return { ...one, waits: false, phase: 'gone' as const };
    if (answer === 'not staged') return { ...one, waits: false, phase: 'work' as const };
    return { ...one, waits: false, ...after(state, one, request, put) };
  });
  return { ...next, loaders };
}

function after({ undo }: FilesState, { open, phase }: Loader, { op, n, pipeline }: Request, put: File | null): Partial<Loader> {
  if (op === 'place') return { phase: 'text', put };
  if (op === 'fence')
    return { phase: 'read', open: undo.filter((one) => one.pipeline === pipeline).map((one) => ({ n: one.n, seq: one.seq })) };
  if (op === 'unplace' && phase === 'undo') return { open: open.filter((one) => one.n !== n) };
  return { phase: 'work' };
}

function isAnswered(phase: string, op: Request['op']): boolean {
  return { place: ['place'], unplace: ['undo', 'back'], settle: ['settle'], fence: ['fence'], mark: [], delete: [] }[op].some(
    (one) => one === phase,
  );
}

export function unlocked({ locks }: FilesState, session: string): FilesState['locks'] {
  return Object.fromEntries(Object.entries(locks).map(([path, holder]) => [path, holder === session ? null : holder]));
}
