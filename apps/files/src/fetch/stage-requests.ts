/** Answers to one request of a loader, as they come, and once a second how far the first of the rest are. */
import type { StageAnswer, StageProgress, StageRequest, WantedFile } from '@lutra/files';
import { toSyncError } from '@lutra/model';
import { answerWant, notAsked, refused } from './stage-want.js';
import type { Want, WantParts } from './stage-want.js';

/** In the order of the request, which is the log's: what a loader waits for is among the first. */
const mostTold = 100;
const tellMs = 1_000;
/** Wants of one request that are worked on: four full packs. The others wait as they came, since each costs some kilobytes. */
const mostAtOnce = 4_000;

export interface StageHooks {
  readonly signal: AbortSignal;
  onAnswer(root: string, answer: StageAnswer): void;
}

/** Whoever stops reading wants nothing more. @throws SyncError ABORTED */
export async function* stageFiles(parts: WantParts, request: StageRequest, hooks: StageHooks): AsyncGenerator<StageAnswer | StageProgress> {
  const left = new AbortController();
  const wants = new Wants(parts, request, { ...hooks, signal: AbortSignal.any([hooks.signal, left.signal]) });
  try {
    for (let told = performance.now(); ;) {
      yield* wants.answers.splice(0);
      if (wants.done) return;
      if (performance.now() - told >= tellMs) {
        told = performance.now();
        yield* wants.progress();
      }
      await wants.news(told + tellMs - performance.now());
    }
  } finally {
    left.abort();
  }
}

/** Of one request. */
class Wants {
  /** That are not taken yet. */
  readonly answers: StageAnswer[] = [];
  readonly #open = new Map<number, Want>();
  readonly #left: Iterator<WantedFile>;
  readonly #begin: (file: WantedFile) => void;
  #failure: unknown = null;
  #wake: () => void = () => undefined;

  constructor(parts: WantParts, { files, sourceRegion: region }: StageRequest, { signal, onAnswer }: StageHooks) {
    this.#left = files.values();
    this.#begin = (file) => {
      const want: Want = { file, region, signal, progress: notAsked };
      this.#open.set(file.id, want);
      void this.#answer(orRefused(parts, want), { file, onAnswer });
    };
    for (let count = 0; count < mostAtOnce; count += 1) this.#beginNext();
  }

  #beginNext(): void {
    const next = this.#left.next();
    if (next.done !== true) this.#begin(next.value);
  }

  /** All are answered, and the answers are taken. @throws SyncError ABORTED */
  get done(): boolean {
    if (this.#failure !== null) throw this.#failure;
    return this.#open.size === 0 && this.answers.length === 0;
  }

  /** Resolves when there is an answer, or the time is over. */
  async news(ms: number): Promise<void> {
    if (this.answers.length > 0 || this.#failure !== null) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, ms));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #answer(coming: Promise<StageAnswer>, { file, onAnswer }: Pick<Want, 'file'> & Pick<StageHooks, 'onAnswer'>): Promise<void> {
    try {
      const answer = await coming;
      this.#open.delete(file.id);
      onAnswer(file.root, answer);
      this.answers.push(answer);
      this.#beginNext();
    } catch (error) {
      this.#failure ??= error;
    }
    this.#wake();
  }

  *progress(): Generator<StageProgress> {
    let told = 0;
    for (const [id, { progress }] of this.#open) {
      if (told === mostTold) return;
      told += 1;
      yield { kind: 'progress', id, ...progress };
    }
  }
}

/** What concerns the file alone is its answer. @throws SyncError ABORTED */
async function orRefused(parts: WantParts, want: Want): Promise<StageAnswer> {
  try {
    return await answerWant(parts, want);
  } catch (thrown) {
    const error = toSyncError(thrown);
    if (error.code === 'ABORTED') throw error;
    return refused(want, error.code, error.message);
  }
}
