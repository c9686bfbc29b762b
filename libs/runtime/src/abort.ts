/** Waiting that ends at once when its signal aborts. */
import { SyncError } from '@lutra/model';

export function aborted(signal: AbortSignal): SyncError {
  return signal.reason instanceof SyncError ? signal.reason : new SyncError('ABORTED', 'stopped', { cause: signal.reason });
}

export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw aborted(signal);
}

/** @throws SyncError ABORTED, or the signal's own SyncError */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return untilAborted(signal, (resolve) => {
    const timer = setTimeout(resolve, ms);
    return () => clearTimeout(timer);
  });
}

/** Never resolves; rejects when the signal aborts. */
export function untilAbort(signal: AbortSignal): Promise<never> {
  return untilAborted<never>(signal, () => () => undefined);
}

/** Resolves with the promise, or rejects when the signal aborts first. The promise itself goes on; its late rejection is swallowed. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  promise.catch(() => {
    // Handled by whoever awaits the race; a rejection after the abort concerns nobody any more.
  });
  return untilAborted<T>(signal, (resolve, reject) => {
    promise.then(resolve, reject);
    return () => undefined;
  });
}

/** Resolves as `start` says, or rejects when the signal aborts first. `start` returns what cleans up after it. */
export function untilAborted<T>(
  signal: AbortSignal,
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (signal.aborted) return reject(aborted(signal));
    const onAbort = (): void => {
      cleanUp();
      reject(aborted(signal));
    };
    const settle =
      <A>(next: (argument: A) => void) =>
      (argument: A): void => {
        signal.removeEventListener('abort', onAbort);
        next(argument);
      };
    signal.addEventListener('abort', onAbort, { once: true });
    const cleanUp = start(settle(resolve), settle(reject));
  });
}
