import { SyncError } from '@lutra/model';
import type { Change } from '@lutra/mysql';
import { expect, test } from 'vitest';
import { nameFailure } from './failure.js';

const change = (name: string, firingTriggers: readonly string[]): Change =>
  ({
    op: 'c',
    before: null,
    after: {},
    source: { primaryKey: [] },
    target: { database: 'shop', name, firingTriggers },
  }) as unknown as Change;
const named = (error: SyncError): unknown =>
  nameFailure(error, {
    changes: { first: 0, list: [change('film', ['fill']), change('film', ['fill']), change('copy', [])] },
    log: 'l',
    seq: 7,
    event: null,
  });

test('a conflict names the triggers of the target that may have written the row', () => {
  expect(named(new SyncError('ROW_CONFLICT', 'insert shop.copy: a key is taken'))).toMatchObject({
    message: expect.stringContaining('a trigger of the target may have written it: shop.film: fill'),
    details: { triggers: 'shop.film: fill' },
  });
});

test('what is no conflict names none', () => {
  expect(named(new SyncError('TARGET_UNAVAILABLE', 'gone'))).toMatchObject({ message: 'gone' });
});
