import { createRouter, followedRoutes } from '@lutra/model';
import type { DdlClause, Route } from '@lutra/model';
import { expect, it } from 'vitest';
import type { Place } from './ddl-record.fixture.js';
import { ddlRecord } from './ddl-record.fixture.js';
import { apartWhereShared, takesFromOthers } from './shared-tables.js';

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

it('the shadow of a table that others write too is kept apart: in its place it would take their rows away', () => {
  const of = (own: readonly Route[], ...others: readonly Route[]) => {
    const router = createRouter(followedRoutes(own, { uid: 'p', bothWays: false }));
    return apartWhereShared({ router, routes: own, others: [others] });
  };
  const shadow = (name: string, database = 'shop') => ({ database, name });
  const exact = [{ schema: 'shop', table: 't' }];
  for (const own of [routes, exact]) {
    const shared = of(own, { schema: 'north', table: 't', to: { schema: 'shop' } });
    expect([shared(shadow('_t_gho')), shared.shadow(shadow('_t_gho')), shared(shadow('t'))]).toEqual([null, 'apart', shadow('t')]);
    expect(of(own, { schema: 'shop', table: 'u' })(shadow('_t_gho'))).toEqual(shadow('_t_gho'));
  }
  const merged = of(['shop', 'north'].map((schema) => ({ schema, table: 't', to: { schema: 'all' } })));
  expect([merged(shadow('_t_gho')), merged.shadow(shadow('_t_gho', 'north'))]).toEqual([null, 'apart']);
});
