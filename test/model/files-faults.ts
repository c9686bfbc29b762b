/** Who is killed, sleeps, is refused or gives up in `files.ts`. */
import { unlocked } from './files-app.js';
import { withLoader } from './files-loader.js';
import { entryOf, nameOf, set } from './files-words.js';
import type { At, FileFaults, FilesState, Loader } from './files-words.js';
import type { Turn } from './paths.js';

type Turns = readonly Turn<FilesState>[];

export function faultTurns(state: FilesState, at: At): Turns {
  const { faults } = state;
  const turns: Turn<FilesState>[] = [];
  const fault = (kind: keyof FileFaults, name: string, next: FilesState): void =>
    void turns.push({ name, state: { ...next, faults: { ...faults, [kind]: faults[kind] - 1 } } });
  for (const loader of newest(state)) {
    if (faults.skip > 0 && loader.phase === 'work' && entryOf(at.example, loader))
      fault('skip', `a person skips ${nameOf(loader)}`, skipped(state, loader));
    // The others are there to be met.
    if (loader.pipeline > 0) continue;
    if (faults.loader > 0) {
      const dead = killed(state, loader);
      fault('loader', `kill loader ${nameOf(loader)}`, withSuccessor(dead, loader));
      const unsent = withoutUnsent(dead, loader);
      if (unsent) fault('loader', `kill loader ${nameOf(loader)}, with what it has just sent`, withSuccessor(unsent, loader));
    }
    if (faults.sleep > 0) fault('sleep', `loader ${nameOf(loader)} sleeps`, withSuccessor(state, loader));
    if (faults.timeout > 0 && loader.waits && loader.phase === 'place')
      fault('timeout', `no answer for ${nameOf(loader)}`, unanswered(state, loader, at));
  }
  if (faults.app > 0) fault('app', 'kill files app', withoutApp(state, at));
  if (faults.session > 0)
    for (const worker of state.workers)
      if (state.locks[worker.path] === nameOf(worker))
        fault('session', `session of deletion ${nameOf(worker)} ends`, { ...state, locks: unlocked(state, nameOf(worker)) });
  return turns;
}

/** One that is gone has a successor at once. */
export function successorTurns(state: FilesState): Turns {
  return newest(state)
    .filter(({ phase }) => phase === 'gone')
    .map((loader) => ({ name: `loader ${nameOf(loader)} is followed`, state: withSuccessor(state, loader) }));
}

export function newest({ loaders, epoch }: FilesState): readonly Loader[] {
  return epoch.map((_, pipeline) => loaders.findLast((one) => one.pipeline === pipeline)!);
}

function withSuccessor(state: FilesState, { pipeline, session }: Loader): FilesState {
  const next: Loader = { pipeline, session: session + 1, phase: 'raise', waits: false, open: [], at: -1, n: 0, seq: 0, put: null };
  return { ...state, loaders: [...state.loaders, next] };
}

/** What it has sent is carried out yet. */
function killed(state: FilesState, loader: Loader): FilesState {
  const workers = state.workers.filter((one) => nameOf(one) !== nameOf(loader));
  return withLoader({ ...state, workers, locks: unlocked(state, nameOf(loader)) }, loader, { phase: 'gone', waits: false });
}

/** It did not come to its end. */
function withoutUnsent(state: FilesState, loader: Loader): FilesState | null {
  const requests = state.requests.filter((one) => nameOf(one) !== nameOf(loader) || one.phase !== 'sent');
  const texts = state.texts.filter((one) => nameOf(one) !== nameOf(loader));
  return requests.length + texts.length < state.requests.length + state.texts.length ? { ...state, requests, texts } : null;
}

function unanswered(state: FilesState, loader: Loader, { rules }: At): FilesState {
  if (rules.noAnswer === 'ends') return killed(state, loader);
  return withLoader(state, loader, { waits: false, phase: rules.noAnswer === 'again' ? 'place' : 'back' });
}

function skipped(state: FilesState, loader: Loader): FilesState {
  const applied = set(state.applied, loader.pipeline, loader.at + 1);
  return withLoader({ ...state, applied }, loader, { at: loader.at + 1 });
}

/** Nothing that was asked is answered. With the lease alone what is under way goes on, and nobody waits for it. */
function withoutApp(state: FilesState, { rules }: At): FilesState {
  const ghosts = state.requests.filter(({ phase }) => phase !== 'sent').map((one) => ({ ...one, isGhost: true }));
  const workers = state.workers.filter(({ waits }) => !waits);
  const dropped = state.workers.filter(({ waits }) => waits);
  const locks = dropped.reduce((now, worker) => unlocked({ ...state, locks: now }, nameOf(worker)), state.locks);
  const next: FilesState = { ...state, requests: rules.root === 'lease is over' ? ghosts : [], marks: {}, workers, locks };
  return state.loaders
    .filter(({ waits }) => waits)
    .reduce<FilesState>((now, loader) => {
      const isAgain = loader.phase === 'place' && rules.noAnswer === 'again';
      return withLoader(now, loader, isAgain ? { waits: false } : { phase: 'gone', waits: false });
    }, next);
}
