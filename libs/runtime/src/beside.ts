/**
 * Work beside the event loop: a pure function of a large value runs in a worker thread, and the loop only copies the value there and the
 * result back (30 to 40 ms each for 64 MiB). One thread for the process and one call at a time, in their order, so that memory is bounded
 * by one call. The thread keeps nothing, does not hold the process up, and ends when it was idle for a while. A call that has begun goes on
 * when nobody waits for it any more; it ends by itself, because it waits for nothing.
 */
import { Worker } from 'node:worker_threads';
import { SyncError } from '@lutra/model';

const idleMs = 10_000;

/** In plain JavaScript, because a worker has no loader of its own: it imports the module that the function is in. */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
if (workerData.isSource) require('tsx/esm/api').register();
const buffer = (value) => (value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.length) : value);
// What cannot be read has no answer: then the thread ends.
parentPort.on('messageerror', (error) => { throw error; });
parentPort.on('message', async ({ module, name, given }) => {
  try {
    const work = (await import(module))[name];
    parentPort.postMessage({ begun: true });
    const result = work(...given.map(buffer));
    if (!(result instanceof Uint8Array)) return parentPort.postMessage({ result });
    const own = result.length === result.buffer.byteLength ? result : Uint8Array.from(result);
    parentPort.postMessage({ result: own }, [own.buffer]);
  } catch (error) {
    parentPort.postMessage({ error, code: error?.code, details: error?.details });
  }
});`;

interface Answer {
  /** Its module is loaded, and it runs now. */
  readonly begun?: boolean;
  readonly result?: unknown;
  readonly error?: unknown;
  readonly code?: string;
  readonly details?: SyncError['details'];
}

/** Of work that somebody else's text decides the time of. */
export interface Bound {
  readonly ms: number;
  /** What the call rejects with then. */
  late(): SyncError;
}

class Thread {
  #worker: Worker | null = null;
  #idle: NodeJS.Timeout | undefined;
  #last: Promise<unknown> = Promise.resolve();
  readonly #bound: Bound | undefined;

  constructor(bound?: Bound) {
    this.#bound = bound;
  }

  call(module: string, name: string, given: readonly unknown[]): Promise<unknown> {
    const answer = this.#last.then(() => this.#ask(module, name, given));
    this.#last = answer.catch(() => undefined); // the caller has it from `answer`
    return answer;
  }

  async #ask(module: string, name: string, given: readonly unknown[]): Promise<unknown> {
    clearTimeout(this.#idle);
    const thread = (this.#worker ??= this.#begin(module));
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    let timer: NodeJS.Timeout | undefined;
    const take = (answer: Answer): void => {
      if (!answer.begun) return resolve(answer);
      const bound = this.#bound;
      if (bound) timer = setTimeout(() => (reject(bound.late()), this.#end()), bound.ms);
    };
    const died = (cause: unknown): void => reject(new SyncError('INTERNAL', `the thread for large values ended amid ${name}`, { cause }));
    thread.on('message', take).once('messageerror', died).once('error', died).once('exit', died).ref();
    try {
      // A view would be sent with all the memory that it is a view of.
      const copies = given.map((value) => (value instanceof Uint8Array ? Uint8Array.from(value) : value));
      thread.postMessage(
        { module, name, given: copies },
        copies.flatMap((value) => (value instanceof Uint8Array ? [value.buffer as ArrayBuffer] : [])),
      );
      return resultOf(await promise);
    } finally {
      clearTimeout(timer);
      thread.off('message', take).off('messageerror', died).off('error', died).off('exit', died).unref();
      this.#idle = setTimeout(() => this.#end(), idleMs).unref();
    }
  }

  #begin(module: string): Worker {
    // Files that it opens may be the caller's to flush. Tests run the sources, which are TypeScript.
    const thread = new Worker(program, { eval: true, trackUnmanagedFds: false, workerData: { isSource: module.endsWith('.ts') } });
    const gone = (): void => {
      if (this.#worker === thread) this.#worker = null;
    };
    return thread.on('error', gone).on('exit', gone); // between two calls too
  }

  #end(): void {
    void this.#worker?.terminate();
    this.#worker = null;
  }
}

const shared = new Thread();

/**
 * The function, beside. It is exported under its name; what it takes and gives are texts, bytes and plain objects of them.
 * @param module import.meta.url of the function's file
 * @param bound the function has a thread of its own, which ends when a call takes longer
 * @returns what rejects as the function throws, or with INTERNAL if the thread dies
 */
export function beside<Given extends readonly unknown[], Result>(
  module: string,
  work: (...given: Given) => Result,
  bound?: Bound,
): (...given: Given) => Promise<Result> {
  const thread = bound ? new Thread(bound) : shared;
  return (...given) => thread.call(module, work.name, given) as Promise<Result>;
}

function resultOf({ result, error, code, details }: Answer): unknown {
  if (error === undefined) return Buffer.isBuffer(result) || !(result instanceof Uint8Array) ? result : Buffer.from(result.buffer);
  if (code !== undefined && details !== undefined)
    throw new SyncError(code as SyncError['code'], (error as Error).message, { cause: error, details });
  throw Object.assign(error as Error, code !== undefined && { code });
}
