import { fileRuleSchema } from '@lutra/model';
import { expect, it } from 'vitest';
import { ddlRecord } from './ddl-record.fixture.js';
import { rootsLeft } from './files-left.js';

it('a statement that takes rows away leaves their files, where the rule lets files go', () => {
  const rule = (root: string, deletes: 'keep' | 'trash') => fileRuleSchema.parse({ root, path: '{v}', deletes });
  const routes = [
    { schema: 'shop', table: 't', files: [rule('pics', 'trash'), rule('docs', 'keep')] },
    { schema: 'shop', table: 'u' },
  ];
  const left = (sql: string, name: string): readonly string[] => rootsLeft(ddlRecord(sql, [['subject', name]]), routes);
  expect(left('TRUNCATE TABLE t', 't')).toEqual(['pics']);
  expect(left('DROP TABLE t', 't')).toEqual(['pics']);
  expect(left('TRUNCATE TABLE u', 'u')).toEqual([]);
  expect(left('ALTER TABLE t ADD x INT', 't')).toEqual([]);
});
