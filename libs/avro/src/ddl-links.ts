/** Which field is which of schemas/ddl.avsc; `endpoint`, `position`, `seen` and `ts_ms` are as in other control records (control.ts). */
import { ddlRoles } from '@lutra/model';
import type { DdlClause, DdlModify, DdlRecord, DdlSession, DdlTable } from '@lutra/model';
import { oneOf } from './copied-links.js';
import type { Draft, FieldLinks } from './record-fields.js';

/** In the names of the schema file. */
interface AvroSession {
  readonly sql_mode: string | null;
  readonly foreign_key_checks: boolean;
  readonly unique_checks: boolean;
  readonly timestamp_us: number;
  readonly time_zone: string | null;
  readonly explicit_defaults_for_timestamp: boolean | null;
  readonly collation_connection: number | null;
  readonly collation_server: number | null;
  readonly collation_database: number | null;
  readonly default_collation_for_utf8mb4: number | null;
  readonly sql_require_primary_key: boolean | null;
  readonly default_table_encryption: boolean | null;
}

interface Words {
  readonly role: string;
}

interface AvroClause {
  readonly action: string;
  readonly what: string;
  readonly name: string;
}

export const ddlLinks: FieldLinks<DdlRecord, Draft<DdlRecord>> = {
  id: { get: (from) => from.id, set: (to, value: string) => (to.id = value) },
  database: { get: (from) => from.database, set: (to, value: string) => (to.database = value) },
  sql: { get: (from) => from.sql, set: (to, value: string) => (to.sql = value) },
  statement: { get: (from) => from.statement, set: (to, value: string) => (to.statement = value) },
  tables: {
    get: (from) => from.tables,
    set: (to, value: (Omit<DdlTable, 'role'> & Words)[]) => {
      to.tables = value.map((table) => ({ ...table, role: oneOf(ddlRoles, table.role, 'role') }));
    },
  },
  doubt: { get: (from) => from.doubt, set: (to, value: string | null) => (to.doubt = value) },
  clauses: {
    get: (from) => from.clauses,
    set: (to, value: AvroClause[] | null) => (to.clauses = value && value.map(clauseOf)),
  },
  compatible: { get: (from) => from.compatible, set: (to, value: boolean) => (to.compatible = value) },
  modifies: { get: (from) => from.modifies, set: (to, value: DdlModify[]) => (to.modifies = value) },
  session: { get: (from) => sessionToAvro(from.session), set: (to, value: AvroSession) => (to.session = sessionFromAvro(value)) },
  flavor: { get: (from) => from.flavor, set: (to, value: string) => (to.flavor = oneOf(['mysql', 'mariadb'], value, 'flavor')) },
  version: { get: (from) => from.version, set: (to, value: string) => (to.version = value) },
  origin: { get: (from) => from.origin, set: (to, value: string) => (to.origin = value) },
  path: { get: (from) => from.path, set: (to, value: string[]) => (to.path = value) },
};

function clauseOf({ action, what, name }: AvroClause): DdlClause {
  return { action: oneOf(['add', 'drop'], action, 'action'), what: oneOf(['column', 'index'], what, 'what'), name };
}

function sessionToAvro(session: DdlSession): AvroSession {
  return {
    sql_mode: session.sqlMode,
    foreign_key_checks: session.foreignKeyChecks,
    unique_checks: session.uniqueChecks,
    timestamp_us: session.timestampUs,
    time_zone: session.timeZone,
    explicit_defaults_for_timestamp: session.explicitDefaultsForTimestamp,
    collation_connection: session.collationConnection,
    collation_server: session.collationServer,
    collation_database: session.collationDatabase,
    default_collation_for_utf8mb4: session.defaultCollationForUtf8mb4,
    sql_require_primary_key: session.sqlRequirePrimaryKey,
    default_table_encryption: session.defaultTableEncryption,
  };
}

function sessionFromAvro(session: AvroSession): DdlSession {
  return {
    sqlMode: session.sql_mode,
    foreignKeyChecks: session.foreign_key_checks,
    uniqueChecks: session.unique_checks,
    timestampUs: session.timestamp_us,
    timeZone: session.time_zone,
    explicitDefaultsForTimestamp: session.explicit_defaults_for_timestamp,
    collationConnection: session.collation_connection,
    collationServer: session.collation_server,
    collationDatabase: session.collation_database,
    defaultCollationForUtf8mb4: session.default_collation_for_utf8mb4,
    sqlRequirePrimaryKey: session.sql_require_primary_key,
    defaultTableEncryption: session.default_table_encryption,
  };
}

const emptySession: DdlSession = {
  sqlMode: null,
  foreignKeyChecks: true,
  uniqueChecks: true,
  timestampUs: 0,
  timeZone: null,
  explicitDefaultsForTimestamp: null,
  collationConnection: null,
  collationServer: null,
  collationDatabase: null,
  defaultCollationForUtf8mb4: null,
  sqlRequirePrimaryKey: null,
  defaultTableEncryption: null,
};

export function emptyDdl(): Draft<DdlRecord> {
  return {
    kind: 'ddl',
    endpoint: '',
    id: '',
    database: '',
    sql: '',
    statement: '',
    tables: [],
    doubt: null,
    clauses: null,
    compatible: false,
    modifies: [],
    session: emptySession,
    flavor: 'mysql',
    version: '',
    origin: '',
    path: [],
    seen: {},
    position: { file: '', pos: 0, gtidSet: null },
    tsMs: 0,
  };
}
