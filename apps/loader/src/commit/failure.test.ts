import { SyncError } from '@lutra/model';
import type { Change } from '@lutra/mysql';
import { expect, test } from 'vitest';
import { nameFailure, nameRow } from './failure.js';

const change = (name: string, firingTriggers: readonly string[]): Change =>
  ({
    op: 'c',
    before: null,
    after: {},
    source: { primaryKey: [] },
    target: { database: 'shop', name, firingTriggers },
  }) as unknown as Change;
const named = (error: SyncError): unknown =>
  nameFailure(
    error,
    { event: null, position: { log: 'l', seq: 7 } },
    { changes: { first: 0, list: [change('film', ['fill']), change('film', ['fill']), change('copy', [])] } },
  );

test('a conflict names the triggers of the target that may have written the row', () => {
  expect(named(new SyncError('ROW_CONFLICT', 'insert shop.copy: a key is taken'))).toMatchObject({
    message: expect.stringContaining('a trigger of the target may have written it: shop.film: fill'),
    details: { triggers: 'shop.film: fill' },
  });
});

test('an error that names its table alone is given the key of the row at hand', () => {
  const row = { source: { primaryKey: ['id'] }, target: { database: 'shop', name: 'film' }, before: { id: 5 }, after: null } as never;
  const error = new SyncError('VALUE_UNSUPPORTED', 'shop.film: no text', { details: { database: 'shop', table: 'film' } });
  expect(nameRow(error, row)).toMatchObject({ message: 'shop.film: no text, id=5', details: { table: 'film', key: 'id=5' } });
  const gone = new SyncError('TARGET_UNAVAILABLE', 'gone');
  expect(nameRow(gone, row)).toBe(gone);
});

test('what is no conflict names none', () => {
  expect(named(new SyncError('TARGET_UNAVAILABLE', 'gone'))).toMatchObject({ message: 'gone' });
});
