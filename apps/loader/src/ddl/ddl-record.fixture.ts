/** Records of schema changes, made by hand: each name is found in the text. */
import type { DdlRecord, DdlRole, DdlSession, DdlTable } from '@lutra/model';

/** Of a client of MySQL 9.7. */
export const plainSession: DdlSession = {
  sqlMode: '1168113696',
  foreignKeyChecks: true,
  uniqueChecks: true,
  timestampUs: 1_700_000_000_123_456,
  timeZone: 'SYSTEM',
  explicitDefaultsForTimestamp: true,
  collationConnection: 255,
  collationServer: 255,
  collationDatabase: null,
  defaultCollationForUtf8mb4: null,
  sqlRequirePrimaryKey: false,
  defaultTableEncryption: false,
};

/** `role text`: what stands in the text; each is looked for behind the one before it. `database.name` without quotes, or `name`. */
export type Place = readonly [role: DdlRole, text: string];

export interface Made extends Partial<Omit<DdlRecord, 'session'>> {
  readonly session?: Partial<DdlSession>;
}

export function ddlRecord(sql: string, places: readonly Place[], more: Made = {}): DdlRecord {
  const database = more.database ?? 'shop';
  const statement = more.statement ?? (/^(\w+\s+\w+)/.exec(sql)?.[1] ?? '').toUpperCase().replace(/\s+/, ' ');
  const tables: DdlTable[] = [];
  let from = 0;
  for (const [role, text] of places) {
    const offset = sql.indexOf(text, from);
    if (offset < 0) throw new Error(`${text} is not in ${sql}`);
    from = offset + text.length;
    const parts = text.replaceAll(/[`"]|\/\*.*?\*\/|\s/g, '').split('.');
    const name = parts.at(-1) ?? '';
    const named = role === 'database' ? { database: name, name: '*' } : { database: parts.length > 1 ? (parts[0] ?? '') : database, name };
    tables.push({ ...named, role, offset, length: text.length });
  }
  return {
    kind: 'ddl',
    endpoint: 'a',
    id: '3e11fa47-71ca-11e1-9e33-c80aa9429562:1',
    sql,
    tables,
    doubt: null,
    clauses: null,
    compatible: false,
    modifies: [],
    flavor: 'mysql',
    version: '9.7.0',
    origin: 'north',
    path: ['north'],
    seen: {},
    position: { file: 'binlog.000001', pos: 4, gtidSet: null },
    tsMs: 1,
    ...more,
    database,
    statement,
    session: { ...plainSession, ...more.session },
  };
}
