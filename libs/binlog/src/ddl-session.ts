/** The session of a schema change, from the status variables of its event: what decides what the same text does elsewhere. */
import type { DdlSession, StatementReading } from '@lutra/model';
import { named } from './session.js';
import type { SessionDefaults } from './session.js';
import { sqlTokens } from './sql-tokens.js';
import type { QueryEvent } from './statement.js';
import type { StatementText } from './statement-text.js';
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
const introduced = "a literal behind the name of a character set has the bytes of its client's character set, which is another one here";
const localNames = 'its session had lc_time_names, and names of days or months may be computed by it';

interface Facts extends Pick<SessionDefaults, 'systemZone'> {
  /** Id of a collation → its character set. */
  readonly charsets: ReadonlyMap<number, string>;
}

export function ddlSession(query: QueryEvent, { readings }: Pick<StatementText, 'readings'>, { systemZone, charsets }: Facts): Told {
  const { status, timestamp, isOfThread, errorCode } = query;
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
    collationDatabase: null,
    defaultCollationForUtf8mb4: status.defaultCollationForUtf8mb4 ?? null,
    sqlRequirePrimaryKey: status.sqlRequirePrimaryKey ?? null,
    defaultTableEncryption: status.defaultTableEncryption ?? null,
  };
  const client = charset && charsets.get(charset.client);
  const doubts: readonly (readonly [boolean, string])[] = [
    // Each DROP TABLE has that flag; the server itself writes DROP TEMPORARY TABLE where it means that.
    [isOfThread && readings.some(({ text }) => !/^DROP\s+TABLE\s/i.test(text)), temporary],
    [errorCode !== 0, `it ended with error ${errorCode} at the source`],
    [unknown !== null, `its event has status variable ${unknown}, which Lutra does not know, and that may decide what it does`],
    [client !== undefined && !client.startsWith('utf8') && readings.some(hasIntroduced), introduced],
    [(status.lcTimeNames ?? 0) !== 0 && readings.some(({ text }) => /date_format|dayname|monthname/i.test(text)), localNames],
  ];
  return { session, sessionDoubt: doubts.find(([is]) => is)?.[1] ?? null };
}

/** `_latin1 'é'` is as many bytes as the client sent. */
function hasIntroduced(reading: StatementReading): boolean {
  const { text } = reading;
  if (!/_\w+\s*['"]/.test(text)) return false;
  let before = '';
  for (const token of sqlTokens(text, reading)) {
    if (token.kind === 'string' && before.startsWith('_') && /[^\0-\x7f]/.test(text.slice(token.at, token.end))) return true;
    before = token.kind === 'word' ? token.text : '';
  }
  return false;
}
