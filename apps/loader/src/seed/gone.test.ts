import { expect, it } from 'vitest';
import { ddlRecord } from '../ddl/ddl-record.fixture.js';
import { isGoneBy } from './gone.js';

const t = { database: 'shop', name: 't' };

it.each<[string, Parameters<typeof ddlRecord>[1], boolean]>([
  [
    'DROP TABLE u, t',
    [
      ['subject', 'u'],
      ['subject', ' t'],
    ],
    true,
  ],
  ['DROP TABLE crm.t', [['subject', 'crm.t']], false],
  ['TRUNCATE TABLE t', [['subject', 't']], false],
  ['ALTER TABLE t ADD c INT', [['subject', 't']], false],
  [
    'ALTER TABLE t RENAME TO u',
    [
      ['subject', 't'],
      ['to', 'u'],
    ],
    true,
  ],
  [
    'RENAME TABLE t TO u',
    [
      ['from', 't'],
      ['to', 'u'],
    ],
    true,
  ],
  [
    'RENAME TABLE u TO t',
    [
      ['from', 'u'],
      ['to', 't'],
    ],
    false,
  ],
  ['DROP DATABASE shop', [['database', 'shop']], true],
  ['ALTER DATABASE shop CHARACTER SET utf8mb4', [['database', 'shop']], false],
])('%s takes shop.t away: %s', (sql, places, want) => {
  expect(isGoneBy(ddlRecord(sql, places), t)).toBe(want);
  expect(isGoneBy({ ...ddlRecord(sql, places), doubt: 'two readings' }, t)).toBe(false);
});
