import type { DdlRecord } from '@lutra/model';

/** For tests: an ALTER TABLE of shop.t, as a source with its own settings publishes it. */
export function ddlRecord(part: Partial<DdlRecord> = {}): DdlRecord {
  const sql = 'ALTER TABLE t ADD c INT';
  return {
    kind: 'ddl',
    endpoint: 'a',
    id: '3e11fa47-71ca-11e1-9e33-c80aa9429562:2',
    database: 'shop',
    sql,
    statement: 'ALTER TABLE',
    tables: [{ database: 'shop', name: 't', role: 'subject', offset: sql.indexOf(' t ') + 1, length: 1 }],
    doubt: null,
    clauses: [{ action: 'add', what: 'column', name: 'c' }],
    session: {
      sqlMode: '0',
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
    },
    flavor: 'mysql',
    version: '9.7.4',
    origin: 'hangzhou',
    path: ['hangzhou'],
    seen: {},
    position: { file: 'binlog.000001', pos: 4, gtidSet: null },
    tsMs: 0,
    ...part,
  };
}
