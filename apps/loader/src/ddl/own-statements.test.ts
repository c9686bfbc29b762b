import { expect, it } from 'vitest';
import { uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import { ddlRecord } from './ddl-record.fixture.js';
import type { Made, Place } from './ddl-record.fixture.js';
import { crosses, seenOfTarget } from './own-statements.js';

const back = [{ uid: uidOf('c.back'), routes: [{ schema: 'shop', table: '*' }] }];
const uid = back[0]!.uid;
const tables = [{ database: 'shop', name: 't' }];

/** A statement of south that had seen seq 7 of the target's log. */
function isCrossedBy(
  sql: string,
  places: readonly Place[],
  { seq = 8, log = 'L', ...more }: Made & { seq?: number; log?: string } = {},
): boolean {
  const record = ddlRecord('ALTER TABLE t ADD c INT', [['subject', 't']], {
    seen: { [uid]: { log: 'L', seq: 7 } },
    path: ['south'],
    origin: 'south',
  });
  return crosses({ record, region: 'south', tables, back }, [{ log, seq, record: ddlRecord(sql, places, more) }]);
}

it('what home has run on the table behind what the other side had seen crosses it', () => {
  const alter = 'ALTER TABLE t DROP c';
  const on: readonly Place[] = [['subject', 't']];
  expect(isCrossedBy(alter, on)).toBe(true);
  expect(isCrossedBy(alter, on, { seq: 7 })).toBe(false);
  expect(isCrossedBy(alter, on, { seq: 7, log: 'another' })).toBe(true);
  expect(isCrossedBy('ALTER TABLE u DROP c', [['subject', 'u']])).toBe(false);
  expect(isCrossedBy('DROP DATABASE shop', [['database', 'shop']])).toBe(true);
  expect(
    isCrossedBy('CREATE TABLE u LIKE t', [
      ['subject', 'u'],
      ['like', 't'],
    ]),
  ).toBe(false);
  expect(isCrossedBy('CALL p()', [], { doubt: 'nobody knows' })).toBe(true);
});

it('what came from there has run there', () => {
  const own = { path: ['south', 'north'], origin: 'north' };
  expect(isCrossedBy('ALTER TABLE t DROP c', [['subject', 't']], own)).toBe(false);
});

it('is read from the least on that a pipeline of the other side had seen', () => {
  const more = { uid: uidOf('c.more'), routes: [] };
  expect([seenOfTarget({ [uid]: { log: 'L', seq: 7 } }, back), seenOfTarget({ [uid]: { log: 'L', seq: 7 } }, [...back, more])]).toEqual([
    7, -1,
  ]);
});
