/** A write that means nothing, to see it come through: who has read the binlog up to the position behind it has read it. */
import { SyncError } from '@lutra/model';
import { readServer, statusStatement, textOf } from '../server-facts.js';
import { Session } from '../session.js';
import type { ConnectionOptions } from '../session-options.js';

export interface ProbePosition {
  readonly file: string;
  readonly pos: number;
}

/** @throws SyncError SOURCE_UNAVAILABLE, SOURCE_DENIED, SOURCE_SETTINGS */
export async function writeProbe(source: ConnectionOptions): Promise<ProbePosition> {
  const session = await Session.open(source, 'source');
  try {
    const server = await readServer(session);
    const [written] = await session.execute('UPDATE lutra.skip SET n = n + 1 WHERE id = 1').catch((error: unknown) => {
      throw session.translate(error, 'probe');
    });
    if (written?.matched !== 1) throw new SyncError('SOURCE_SETTINGS', 'lutra.skip has no row 1: run schemas/lutra.sql again');
    const [row] = await session.query(statusStatement(server));
    return { file: textOf(row, 'File'), pos: Number(textOf(row, 'Position')) };
  } finally {
    await session.close();
  }
}
