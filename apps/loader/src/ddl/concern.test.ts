import { createRouter } from '@lutra/model';
import type { DdlRole, DdlTable } from '@lutra/model';
import { expect, it } from 'vitest';
import { concernOf } from './concern.js';
import type { Concern } from './concern.js';

const router = createRouter([{ schema: 'shop', table: '*', exclude: ['tmp*'] }]);
const table = (role: DdlRole, name: string, database = 'shop'): DdlTable => ({ role, database, name, offset: 0, length: 1 });
const suspended = 'left';

const cases: readonly (readonly [what: string, want: Concern, tables: readonly DdlTable[], doubt?: string])[] = [
  ['a table of the pipeline', 'tables', [table('subject', 't')]],
  ['a table of another one', 'none', [table('subject', 't', 'crm')]],
  ['one that its route excludes', 'none', [table('subject', 'tmp1')]],
  ['one that is suspended', 'none', [table('subject', suspended)]],
  ['one of two', 'tables', [table('subject', 't', 'crm'), table('subject', 't')]],
  ['a table that comes from outside', 'tables', [table('from', 't', 'crm'), table('to', 't')]],
  ['a table that leaves', 'tables', [table('from', 't'), table('to', 't', 'crm')]],
  ['a partition of one that is not carried', 'tables', [table('subject', 't', 'crm'), table('with', 't')]],
  ['a copy of its definition', 'none', [table('subject', 't', 'crm'), table('like', 't')]],
  ['a key that refers to it', 'none', [table('subject', 't', 'crm'), table('references', 't')]],
  ['a table over it', 'none', [table('subject', 't', 'crm'), table('union', 't')]],
  ['a database of it', 'tables', [table('database', '*')]],
  ['another database', 'none', [table('database', '*', 'crm')]],
  ['nobody knows what with its table', 'unknown', [table('mentioned', 't')]],
  ['nobody knows what with another one', 'none', [table('mentioned', 't', 'crm')], 'no shape'],
  ['readings differ: each role may be wrong', 'unknown', [table('subject', 't', 'crm'), table('like', 't')], 'two readings'],
  ['readings differ, of nothing that is its own', 'none', [table('subject', 't', 'crm')], 'two readings'],
  ['it names no table, and nobody knows why', 'unknown', [], 'IMPORT TABLE'],
  ['it names no table', 'none', []],
];

it.each(cases)('%s: %s', (_, want, tables, doubt) => {
  expect(concernOf({ tables, doubt: doubt ?? null }, { router, isSuspended: ({ name }) => name === suspended })).toBe(want);
});
