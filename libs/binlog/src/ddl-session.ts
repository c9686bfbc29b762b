/** The session of a schema change, from the status variables of its event: what decides what the same text does elsewhere. */
import type { DdlSession } from '@lutra/model';
import type { QueryEvent } from './statement.js';
import { sessionFlags } from './status-variables.js';

interface Told {
  readonly session: DdlSession;
  readonly sessionDoubt: string | null;
}

export function ddlSession({ status, timestamp }: QueryEvent): Told {
  const { flags2 = 0, sqlMode, charset, unknown } = status;
  const session: DdlSession = {
    sqlMode: sqlMode === undefined ? null : String(sqlMode),
    foreignKeyChecks: (flags2 & sessionFlags.noForeignKeyChecks) === 0,
    uniqueChecks: (flags2 & sessionFlags.relaxedUniqueChecks) === 0,
    timestampUs: timestamp * 1e6 + (status.microseconds ?? 0),
    timeZone: status.timeZone ?? null,
    explicitDefaultsForTimestamp: status.explicitDefaultsForTimestamp ?? null,
    collationConnection: charset?.connection ?? null,
    collationServer: charset?.server ?? null,
    collationDatabase: null,
    defaultCollationForUtf8mb4: status.defaultCollationForUtf8mb4 ?? null,
    sqlRequirePrimaryKey: status.sqlRequirePrimaryKey ?? null,
    defaultTableEncryption: status.defaultTableEncryption ?? null,
  };
  const hidden = `its event has status variable ${unknown}, which Lutra does not know, and that may decide what it does`;
  return { session, sessionDoubt: unknown === null ? null : hidden };
}
