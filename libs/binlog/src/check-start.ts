/** Whether a source can be read from a position on, asked before anything rests on it. */
import { SyncError } from '@lutra/model';
import type { FilePosition } from '@lutra/model';
import { withConnection } from './connection.js';
import { isBetween } from './history.js';
import type { SourceConnection, SourceState } from './options.js';
import { readState } from './source-state.js';
import { checkedStart } from './start-position.js';

/**
 * @param choose makes the position of what the source is now
 * @throws SyncError SOURCE_BEHIND, SOURCE_PURGED, SOURCE_SETTINGS, CONFIG_INVALID (also what `choose` throws); SOURCE_UNAVAILABLE,
 * SOURCE_DENIED
 */
export function checkStart<T extends FilePosition & { readonly gtidSet: string | null }>(
  source: SourceConnection,
  choose: (state: SourceState) => T,
): Promise<T> {
  return withConnection(source, async (query) => {
    const state = await readState(query);
    const position = choose(state);
    const { gtidSet, file, pos } = position;
    await checkedStart(query, gtidSet === null ? { file, pos } : { gtidSet }, state);
    if (gtidSet === null && state.flavor === 'mysql' && !(await isBetween(query, { file, pos }))) {
      throw new SyncError('CONFIG_INVALID', `no transaction begins at ${file}:${pos}`, { details: { file, pos } });
    }
    return position;
  });
}
