import { createRouter } from '@lutra/model';
import type { DdlRole, DdlTable } from '@lutra/model';
import { expect, it } from 'vitest';
import { emptyDdl } from '../../../../libs/avro/src/ddl-links.js';
import { concernOf } from './concern.js';
import type { Concern } from './concern.js';

const router = createRouter([{ schema: 'shop', table: '*', exclude: ['tmp*'] }]);
const table = (role: DdlRole, name: string, database = 'shop'): DdlTable => ({ role, database, name, offset: 0, length: 1 });
const suspended = 'left';

const cases: readonly (readonly [what: string, want: Concern, tables: readonly DdlTable[], doubt: string | null])[] = [
  ['a table of the pipeline', 'tables', [table('subject', 't')], null],
  ['a table of another one', 'none', [table('subject', 't', 'crm')], null],
  ['one that its route excludes', 'none', [table('subject', 'tmp1')], null],
  ['one that is suspended', 'none', [table('subject', suspended)], null],
  ['one of two', 'tables', [table('subject', 't', 'crm'), table('subject', 't')], null],
  ['a table that comes from outside', 'tables', [table('from', 't', 'crm'), table('to', 't')], null],
  ['a table that leaves', 'tables', [table('from', 't'), table('to', 't', 'crm')], null],
  ['a partition of one that is not carried', 'tables', [table('subject', 't', 'crm'), table('with', 't')], null],
  ['a copy of its definition', 'none', [table('subject', 't', 'crm'), table('like', 't')], null],
  ['a key that refers to it', 'none', [table('subject', 't', 'crm'), table('references', 't')], null],
  ['a table over it', 'none', [table('subject', 't', 'crm'), table('union', 't')], null],
  ['a database of it', 'tables', [table('database', '*')], null],
  ['another database', 'none', [table('database', '*', 'crm')], null],
  ['nobody knows what with its table', 'unknown', [table('mentioned', 't')], null],
  ['nobody knows what with another one', 'none', [table('mentioned', 't', 'crm')], 'no shape'],
  ['readings differ: each role may be wrong', 'unknown', [table('subject', 't', 'crm'), table('like', 't')], 'two readings'],
  ['readings differ, of nothing that is its own', 'none', [table('subject', 't', 'crm')], 'two readings'],
  ['it names no table, and nobody knows why', 'unknown', [], 'IMPORT TABLE'],
  ['it names no table', 'none', [], null],
];

it('rows that come out of a file come to a table that is known', () => {
  const of = (sql: string) =>
    concernOf(
      { ...emptyDdl(), statement: 'ALTER TABLE', sql, flavor: 'mysql', tables: [table('subject', 't')], doubt: 'files' },
      { router, isSuspended: () => false },
    );
  expect([
    of('ALTER TABLE t IMPORT TABLESPACE'),
    of('alter table t import partition p tablespace'),
    of('ALTER TABLE t DISCARD TABLESPACE'),
  ]).toEqual(['tables', 'tables', 'unknown']);
});

it.each(cases)('%s: %s', (_, want, tables, doubt) => {
  expect(concernOf({ ...emptyDdl(), tables, doubt }, { router, isSuspended: ({ name }) => name === suspended })).toBe(want);
});
