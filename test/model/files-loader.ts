/** The loaders of `files.ts`: they take over, and carry out what the log says. */
import { entryOf, nameOf } from './files-words.js';
import type { At, Entry, FilesState, Loader, Request } from './files-words.js';
import type { Turn } from './paths.js';

type Turns = readonly Turn<FilesState>[];

export function loaderTurns(state: FilesState, loader: Loader, at: At): Turns {
  if (loader.waits) return [];
  switch (loader.phase) {
    case 'gone':
    case 'sent':
      return [];
    case 'raise':
      return raised(state, loader, at);
    case 'fence':
      return asks(state, loader, 'fence', 0);
    case 'read':
      return reads(state, loader, at);
    case 'undo':
      return undoes(state, loader, at);
    case 'settle':
      return asks(state, loader, 'settle', loader.n);
    case 'back':
      return asks(state, loader, 'unplace', loader.n);
    case 'work':
      return [...works(state, loader, at), ...settles(state, loader)];
    case 'place':
      return places(state, loader, at);
    case 'text':
      return sends(state, loader);
  }
}

/** Concerns nobody else, so it is taken at once: it goes from what it knows to the next request. */
export function isOwn({ phase, waits }: Loader): boolean {
  return !waits && ['fence', 'undo', 'settle', 'back', 'place', 'text'].includes(phase);
}

export function withLoader(state: FilesState, loader: Loader, part: Partial<Loader>): FilesState {
  const loaders = state.loaders.map((one) => (nameOf(one) === nameOf(loader) ? { ...one, ...part } : one));
  return { ...state, loaders };
}

function go(name: string, state: FilesState, loader: Loader, part: Partial<Loader>): Turns {
  return [{ name: `${name} ${nameOf(loader)}`, state: withLoader(state, loader, part) }];
}

function raised(state: FilesState, loader: Loader, { rules }: At): Turns {
  const { pipeline, session } = loader;
  if (session <= state.epoch[pipeline]!) return go('fenced', state, loader, { phase: 'gone' });
  if (rules.read === 'before the epoch' && loader.at < 0) return go('read', state, loader, committed(state, loader));
  const epoch = state.epoch.map((one, index) => (index === pipeline ? session : one));
  return go('raise epoch', { ...state, epoch }, loader, { phase: 'fence' });
}

function committed({ n, seq, applied }: FilesState, { pipeline }: Loader): Partial<Loader> {
  return { n: n[pipeline]!, seq: seq[pipeline]!, at: applied[pipeline]! };
}

function reads(state: FilesState, loader: Loader, { rules }: At): Turns {
  const now = committed(state, loader);
  const known = rules.read === 'before the epoch' ? { at: now.at! } : now;
  return go('read', state, loader, { ...known, phase: rules.takeOver === 'undo' ? 'undo' : 'settle' });
}

/** The newest first. */
function undoes(state: FilesState, loader: Loader, { rules }: At): Turns {
  const isLeft = (one: Loader['open'][number]): boolean => (rules.covered === 'by n' ? one.n > loader.n : one.seq > loader.seq);
  const next = loader.open.filter(isLeft).map(({ n }) => n);
  return next.length > 0 ? asks(state, loader, 'unplace', Math.max(...next)) : go('undone', state, loader, { phase: 'settle' });
}

const nothing = { seq: 0, path: '', bytes: 0, id: 0, was: null, phase: 'sent', isGhost: false } as const;

function asks(state: FilesState, loader: Loader, op: Request['op'], n: number): Turns {
  const request: Request = { ...nothing, op, pipeline: loader.pipeline, session: loader.session, n };
  return go(`asks ${op}`, { ...state, requests: [...state.requests, request] }, loader, { waits: true });
}

/** Unawaited, and again until it is done. */
function settles(state: FilesState, { pipeline, session }: Loader): Turns {
  const isUnderWay = state.requests.some((one) => one.op === 'settle' && nameOf(one) === nameOf({ pipeline, session }));
  const n = state.n[pipeline]!;
  const isLeft = state.undo.some((one) => one.pipeline === pipeline && one.n <= n);
  if (isUnderWay || !isLeft || session !== state.epoch[pipeline]) return [];
  const request: Request = { ...nothing, op: 'settle', pipeline, session, n };
  return [{ name: `asks settle ${nameOf(request)}`, state: { ...state, requests: [...state.requests, request] } }];
}

function works(state: FilesState, loader: Loader, { example, rules }: At): Turns {
  const entry = entryOf(example, loader);
  if (!entry) return [];
  if (entry.bytes === null) {
    const disk = rules.deleted === 'before COMMIT' ? { ...state.disk, [entry.path]: null } : state.disk;
    return go('deletes', { ...state, disk }, loader, { phase: 'text', put: null });
  }
  const isThere = state.disk[entry.path]?.bytes === entry.bytes || state.stage.includes(entry.bytes);
  const staged = { ...state, stage: isThere ? state.stage : [...state.stage, entry.bytes] };
  const phase = rules.order === 'place, commit' ? ('place' as const) : ('text' as const);
  const part = { phase, n: loader.n + 1, put: { bytes: entry.bytes, id: -1 } };
  const turns = go('stages', staged, loader, part);
  if (rules.staged === 'verified' || isThere) return turns;
  // Half of it, which is older than anything.
  const half = { ...state, stage: [...state.stage, -entry.bytes] };
  return [...turns, ...go('stages half', half, loader, { ...part, put: { bytes: -entry.bytes, id: -1 } })];
}

function places(state: FilesState, loader: Loader, { example, rules }: At): Turns {
  const { pipeline, session, n, put } = loader;
  const entry = entryOf(example, rules.order === 'place, commit' ? loader : { pipeline, at: loader.at - 1 })!;
  const request: Request = { ...nothing, op: 'place', pipeline, session, n, seq: entry.seq, path: entry.path, bytes: put!.bytes };
  return go('asks place', { ...state, requests: [...state.requests, request] }, loader, { waits: true });
}

function sends(state: FilesState, loader: Loader): Turns {
  const { pipeline, session, at, n, put } = loader;
  return go('sends', { ...state, texts: [...state.texts, { pipeline, session, at, n, put }] }, loader, { phase: 'sent' });
}

export function leaving(example: At['example'], pipeline: number, at: number): Entry | undefined {
  const entry = entryOf(example, { pipeline, at });
  if (!entry) return undefined;
  return [...example.before, ...example.logs[pipeline]!.slice(0, at)].findLast(({ key }) => key === entry.key);
}
