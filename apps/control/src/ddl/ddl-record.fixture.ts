import type { DdlRecord } from '@lutra/model';
import { emptyDdl } from '../../../../libs/avro/src/ddl-links.js';

/** For tests: an ALTER TABLE of shop.t, as a source with its own settings publishes it. */
export function ddlRecord(part: Partial<DdlRecord> = {}): DdlRecord {
  const sql = 'ALTER TABLE t ADD c INT';
  return {
    ...emptyDdl(),
    endpoint: 'a',
    id: '3e11fa47-71ca-11e1-9e33-c80aa9429562:2',
    database: 'shop',
    sql,
    statement: 'ALTER TABLE',
    tables: [{ database: 'shop', name: 't', role: 'subject', offset: sql.indexOf(' t ') + 1, length: 1 }],
    clauses: [{ action: 'add', what: 'column', name: 'c' }],
    version: '9.7.4',
    origin: 'hangzhou',
    path: ['hangzhou'],
    position: { file: 'binlog.000001', pos: 4, gtidSet: null },
    ...part,
  };
}
