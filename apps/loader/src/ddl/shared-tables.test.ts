import { createRouter } from '@lutra/model';
import type { DdlClause, Route } from '@lutra/model';
import { expect, it } from 'vitest';
import type { Place } from './ddl-record.fixture.js';
import { ddlRecord } from './ddl-record.fixture.js';
import { takesFromOthers } from './shared-tables.js';

const routes: readonly Route[] = [{ schema: 'shop', table: '*' }];
const clause = (action: DdlClause['action']): DdlClause => ({ action, what: 'column', name: 'c' });
const t: readonly Place[] = [['subject', 't']];

it.each<[sql: string, places: readonly Place[], clauses: readonly DdlClause[] | null, takes: boolean]>([
  ['TRUNCATE TABLE t', t, null, true],
  ['DROP TABLE t', t, null, true],
  ['ALTER TABLE t DROP c', t, [clause('drop')], true],
  ['ALTER TABLE t TRUNCATE PARTITION p', t, null, true],
  ['DROP DATABASE shop', [['database', 'shop']], null, true],
  ['ALTER TABLE t ADD c int', t, [clause('add')], false],
  ['CREATE TABLE t (id int)', t, null, false],
  ['TRUNCATE TABLE kept', [['subject', 'kept']], null, false],
])('%s takes something from another source: %#', (sql, places, clauses, takes) => {
  const record = ddlRecord(sql, places, { clauses });
  const others = (...all: Route[]): boolean => takesFromOthers(record, { router: createRouter(routes), routes, others: [all] });
  expect(others({ schema: 'shop', table: '*', exclude: ['kept'] })).toBe(takes);
  expect(others({ schema: 'north', table: 't', to: { schema: 'shop' } })).toBe(takes);
  expect(others({ schema: 'crm', table: '*' })).toBe(false);
});
