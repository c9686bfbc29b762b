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
    const result = (await import(module))[name](...given.map(buffer));
    if (!(result instanceof Uint8Array)) return parentPort.postMessage({ result });
    const own = result.length === result.buffer.byteLength ? result : Uint8Array.from(result);
    parentPort.postMessage({ result: own }, [own.buffer]);
  } catch (error) {
    parentPort.postMessage({ error, code: error?.code, details: error?.details });
  }
});`;

interface Answer {
  readonly result?: unknown;
  readonly error?: unknown;
  readonly code?: string;
  readonly details?: SyncError['details'];
}

let worker: Worker | null = null;
let idle: NodeJS.Timeout | undefined;
let last: Promise<unknown> = Promise.resolve();

/**
 * The function, beside. It is exported under its name; what it takes and gives are texts, bytes and plain objects of them.
 * @param module import.meta.url of the function's file
 * @returns what rejects as the function throws, or with INTERNAL if the thread dies
 */
export function beside<Given extends readonly unknown[], Result>(
  module: string,
  work: (...given: Given) => Result,
): (...given: Given) => Promise<Result> {
  return (...given) => {
    const answer = last.then(() => ask(module, work.name, given)) as Promise<Result>;
    last = answer.catch(() => undefined); // the caller has it from `answer`
    return answer;
  };
}

async function ask(module: string, name: string, given: readonly unknown[]): Promise<unknown> {
  clearTimeout(idle);
  const thread = (worker ??= begin(module));
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const died = (cause: unknown): void => reject(new SyncError('INTERNAL', `the thread for large values ended amid ${name}`, { cause }));
  thread.once('message', resolve).once('messageerror', died).once('error', died).once('exit', died).ref();
  try {
    // A view would be sent with all the memory that it is a view of.
    const copies = given.map((value) => (value instanceof Uint8Array ? Uint8Array.from(value) : value));
    thread.postMessage(
      { module, name, given: copies },
      copies.flatMap((value) => (value instanceof Uint8Array ? [value.buffer as ArrayBuffer] : [])),
    );
    return resultOf(await promise);
  } finally {
    thread.off('message', resolve).off('messageerror', died).off('error', died).off('exit', died).unref();
    idle = setTimeout(end, idleMs).unref();
  }
}

function begin(module: string): Worker {
  // Files that it opens may be the caller's to flush. Tests run the sources, which are TypeScript.
  const thread = new Worker(program, { eval: true, trackUnmanagedFds: false, workerData: { isSource: module.endsWith('.ts') } });
  const gone = (): void => {
    if (worker === thread) worker = null;
  };
  return thread.on('error', gone).on('exit', gone); // between two calls too
}

function end(): void {
  void worker?.terminate();
  worker = null;
}

function resultOf({ result, error, code, details }: Answer): unknown {
  if (error === undefined) return Buffer.isBuffer(result) || !(result instanceof Uint8Array) ? result : Buffer.from(result.buffer);
  if (code !== undefined && details !== undefined)
    throw new SyncError(code as SyncError['code'], (error as Error).message, { cause: error, details });
  throw Object.assign(error as Error, code !== undefined && { code });
}
