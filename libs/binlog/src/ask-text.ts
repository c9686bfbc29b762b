/** A statement's text in a character set that is not decoded here: the source has its own table of it. */
import { withConnection } from './connection.js';
import type { SourceConnection } from './options.js';

/** A statement beyond this is not asked for: as hex it would not fit into a packet. */
const mostBytes = 1024 * 1024;

/** Null: the bytes are no text in this character set, or another text gives the same bytes. @throws SyncError SOURCE_* */
export async function askText(source: SourceConnection, charset: string, bytes: Buffer): Promise<string | null> {
  if (!/^\w+$/.test(charset) || bytes.length > mostBytes) return null;
  const hex = bytes.toString('hex');
  const text = `CONVERT(_${charset} x'${hex}' USING utf8mb4)`;
  return withConnection(source, async (query) => {
    const [row] = await query(`SELECT HEX(${text}) AS text, HEX(CONVERT(${text} USING ${charset})) AS bytes`);
    const { text: found, bytes: back } = (row ?? {}) as { readonly text?: string | null; readonly bytes?: string | null };
    return found && back?.toLowerCase() === hex ? Buffer.from(found, 'hex').toString('utf8') : null;
  });
}
