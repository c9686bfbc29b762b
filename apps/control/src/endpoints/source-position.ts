/** Asks a source whether it can be read from a position on, before anything is changed for it. */
import { checkStart, restartPosition } from '@lutra/binlog';
import type { RestartPosition, SourceConnection } from '@lutra/binlog';
import { SyncError, toSyncError } from '@lutra/model';
import type { Position, RestartStart } from '@lutra/model';

/** Control need not reach every source: capture, which must, asks again. */
export type Asked = { readonly position: RestartPosition } | { readonly position: null; readonly why: string };

/**
 * @param log where the log stands
 * @throws SyncError CONFIG_INVALID if the source says that it cannot
 */
export async function askSource(
  { name, ...source }: SourceConnection & { readonly name: string },
  start: RestartStart,
  log: Position | null,
): Promise<Asked> {
  let position: RestartPosition | null = null;
  try {
    await checkStart(source, (state) => (position = restartPosition(start, log, state)).position);
  } catch (thrown) {
    const { code, message } = toSyncError(thrown);
    if (code === 'SOURCE_UNAVAILABLE' || code === 'SOURCE_DENIED') return { position: null, why: `${code}: ${message}` };
    if (!code.startsWith('SOURCE_') && code !== 'CONFIG_INVALID') throw thrown;
    throw new SyncError('CONFIG_INVALID', `endpoint ${name}: ${message}`, { cause: thrown, details: { endpoint: name } });
  }
  return position ? { position } : { position: null, why: 'it said nothing' };
}
