/** Waiting for one of several events, without leaving a listener behind. */
import { aborted } from '@lutra/runtime';

/**
 * `arm` registers `wake` wherever it may be called from and returns what takes it away again.
 * @throws SyncError ABORTED, or the signal's own SyncError
 */
export function untilWoken(signal: AbortSignal, arm: (wake: () => void) => () => void): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    if (signal.aborted) return reject(aborted(signal));
    const finish = (settle: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      disarm();
      settle();
    };
    const onAbort = (): void => finish(() => reject(aborted(signal)));
    signal.addEventListener('abort', onAbort, { once: true });
    const disarm = arm(() => finish(resolve));
  });
}
