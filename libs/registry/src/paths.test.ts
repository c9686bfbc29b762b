import { SyncError } from '@lutra/model';
import type { PipelineUid } from '@lutra/model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inOrder } from './lease-nodes.js';
import { Paths, decodeName, encodeName } from './paths.js';
import { uidOf } from '../../model/src/pipeline-uid.fixture.js';

describe('a path', () => {
  const paths = new Paths('/lutra');

  test('is where docs/formats.md says', () => {
    expect(paths.documents('regions')).toBe('/lutra/regions');
    expect(paths.document('desired', 'shop')).toBe('/lutra/desired/shop');
    expect(paths.revision).toBe('/lutra/revision');
    expect(paths.history('channels', 'shop')).toBe('/lutra/history/channels/shop');
    expect(paths.lease('capture/orders')).toBe('/lutra/leases/capture/orders');
    expect(paths.lease('loader/abcdefgh2345.0')).toBe('/lutra/leases/loader/abcdefgh2345.0');
    expect(paths.log('orders')).toBe('/lutra/logs/orders');
    const uid = uidOf('shop.a-to-b');
    expect(paths.uid(uid)).toBe(`/lutra/uids/${uid}`);
    expect(paths.skip(uid)).toBe(`/lutra/skips/${uid}`);
    expect(paths.removedTables(uid)).toBe(`/lutra/removed-tables/${uid}`);
    expect(paths.restart('orders')).toBe('/lutra/restarts/orders');
    expect(paths.status({ app: 'loader', name: 'shop.a-to-b', instance: 'host:12' })).toBe('/lutra/status/loader@shop.a-to-b@host:12');
    expect(paths.schemaId(7)).toBe('/lutra/schemas/ids/7');
    expect(paths.subject('lutra.orders.rows.db.t-value')).toBe('/lutra/schemas/subjects/lutra.orders.rows.db.t-value');
  });

  test('never leaves its folder', () => {
    for (const name of ['', '/', '..', '.', 'a/..', '../a', 'a//b', 'a/', '/a', 'a\0', 'a b']) {
      expect(() => paths.lease(name)).toThrow(SyncError);
      expect(() => paths.log(name)).toThrow(SyncError);
      expect(() => paths.uid(name as PipelineUid)).toThrow(SyncError);
      expect(() => paths.document('regions', name)).toThrow(SyncError);
      expect(() => paths.history('regions', name)).toThrow(SyncError);
    }
    for (const root of ['', '/', 'a', '/a/', '/a/../b', '/..', '//a', '/a b']) expect(() => new Paths(root)).toThrow(SyncError);
    expect(new Paths('/some.where/lutra').documents('regions')).toBe('/some.where/lutra/regions');
  });
});

// fc.string({ unit: 'binary' }) takes seconds to set up.
const codePoint = fc.oneof(
  fc.integer({ min: 0, max: 0xd7ff }),
  fc.integer({ min: 0xe000, max: 0x10ffff }),
  fc.integer({ min: 0, max: 127 }),
);
const anyText = fc.array(codePoint, { minLength: 1, maxLength: 20 }).map((points) => String.fromCodePoint(...points));

test('any text can be the name of a node, and is read back', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const name = encodeName(text);
      expect(name).toMatch(/^[A-Za-z0-9!'()*._~:@%-]+$/);
      expect(['.', '..']).not.toContain(name);
      expect(decodeName(name)).toBe(text);
    }),
  );
  expect(decodeName(encodeName('..'))).toBe('..');
  expect(() => encodeName('')).toThrow(SyncError);
  expect(() => encodeName('\ud800')).toThrow(SyncError);
});

describe('the line for a lease', () => {
  test('is in the order of the sequence numbers, not of the ids', () => {
    expect(inOrder(['b-0000000003', 'z-x-0000000001', 'a-0000000010'], '/l')).toEqual(['z-x-0000000001', 'b-0000000003', 'a-0000000010']);
  });

  test('with anything else in it is an error', () => {
    expect(() => inOrder(['a-0000000001', 'note'], '/l')).toThrow('/l/note');
    // ZooKeeper's counter after 2^31
    expect(() => inOrder(['a-2147483647', 'b--2147483648'], '/l')).toThrow('/l/b--2147483648');
  });
});
