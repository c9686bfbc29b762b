/** A dump beside the one that is read, to look something up. Nothing goes on from it. */
import { SyncError } from '@lutra/model';
import type { FilePosition } from '@lutra/model';
import { Dump } from './dump.js';
import type { DumpOptions } from './dump.js';

export interface ShortDumpOptions extends Omit<DumpOptions, 'serverId' | 'start' | 'heartbeatMs'> {
  readonly heartbeatMs?: number | undefined;
  readonly signal: AbortSignal;
}

/** Of server id 0: no other dump of ours, or of a replica, is cut off for it, and it ends where the binlog ends. */
const anonymous = 0;

/** The bytes of each event from a position on, until the caller leaves the loop. @throws SyncError ABORTED, SOURCE_*, BINLOG_DECODE */
export async function* shortDump(options: ShortDumpOptions, start: FilePosition): AsyncGenerator<Buffer, void, void> {
  const { signal, heartbeatMs = 1000 } = options;
  const dump = new Dump({ ...options, serverId: anonymous, start, heartbeatMs });
  const abort = (): void => dump.queue.fail(new SyncError('ABORTED', 'reading the binlog was aborted'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) abort();
    for (;;) {
      const event = dump.queue.shift();
      if (event) yield event;
      else await dump.queue.wait();
    }
  } finally {
    signal.removeEventListener('abort', abort);
    await dump.close();
  }
}
