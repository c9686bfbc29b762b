/** The session of a schema change, from the status variables of its event: what decides what the same text does elsewhere. */
import type { DdlSession } from '@lutra/model';
import { named } from './session.js';
import type { SessionDefaults } from './session.js';
import type { QueryEvent } from './statement.js';
import { sessionFlags } from './status-variables.js';

interface Told {
  readonly session: DdlSession;
  readonly sessionDoubt: string | null;
}

/**
 * A session that does not log by rows leaves what it does to its temporary tables in the binlog, by names that other tables may have.
 * Counter-example for taking it as it is: TRUNCATE of a temporary table empties the table of that name at the target.
 */
const temporary = 'its session has temporary tables and does not log by rows: the table may be a temporary one, which is nowhere else';

export function ddlSession(
  { status, timestamp, isOfThread }: QueryEvent,
  { systemZone }: Pick<SessionDefaults, 'systemZone'>,
): Told {
  const { flags2 = 0, sqlMode, charset, unknown } = status;
  const session: DdlSession = {
    sqlMode: sqlMode === undefined ? null : String(sqlMode),
    foreignKeyChecks: (flags2 & sessionFlags.noForeignKeyChecks) === 0,
    uniqueChecks: (flags2 & sessionFlags.relaxedUniqueChecks) === 0,
    timestampUs: timestamp * 1e6 + (status.microseconds ?? 0),
    timeZone: status.timeZone === undefined ? null : named(status.timeZone, systemZone),
    explicitDefaultsForTimestamp: status.explicitDefaultsForTimestamp ?? null,
    collationConnection: charset?.connection ?? null,
    collationServer: charset?.server ?? null,
    collationDatabase: status.charsetDatabase ?? null,
    defaultCollationForUtf8mb4: status.defaultCollationForUtf8mb4 ?? null,
    sqlRequirePrimaryKey: status.sqlRequirePrimaryKey ?? null,
    defaultTableEncryption: status.defaultTableEncryption ?? null,
  };
  const hidden = `its event has status variable ${unknown}, which Lutra does not know, and that may decide what it does`;
  return { session, sessionDoubt: isOfThread ? temporary : unknown === null ? null : hidden };
}
