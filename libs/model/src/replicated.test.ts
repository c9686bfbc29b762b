import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { isReplicated, isHeld } from './replicated.js';
import { replicationFingerprint, createRouter } from './route.js';
import { uidOf } from './pipeline-uid.fixture.js';

const uid = uidOf('c.p');
const part = fc.stringMatching(/^[ab*?]{1,4}$/);
const name = fc.stringMatching(/^[ab]{1,5}$/);
const pattern = fc.tuple(part, part);

describe('what a topic holds', () => {
  it('is what a pipeline carries only if no name is left out', () => {
    fc.assert(
      fc.property(
        fc.array(pattern, { minLength: 1, maxLength: 3 }),
        pattern,
        fc.array(fc.tuple(name, name), { maxLength: 30 }),
        (held, [schema, table], names) => {
          const tables = held.map((each) => each.join('.'));
          if (!isReplicated({ tables, pipelines: {} }, { uid, routes: [{ schema, table }], forwards: false })) return;
          const ours = createRouter([{ schema, table }]);
          const theirs = createRouter(held.map(([heldSchema, heldTable]) => ({ schema: heldSchema, table: heldTable })));
          for (const [database, found] of names)
            if (ours({ database, name: found })) expect(theirs({ database, name: found })).not.toBeNull();
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['shop.*', 'shop', 'orders', true],
    ['shop.*', 'shop', '*', true],
    ['*.*', 's?op', 'o*', true],
    ['shop.order?', 'shop', 'orders', true],
    ['shop.order?', 'shop', 'order*', false],
    ['shop.orders', 'shop', '*', false],
    ['shop.*', 'sh*', '*', false],
    ['sh+p.$x', 'sh+p', '$x', true],
    ['s.t', 'sxt', 't', false],
  ])('%s for %s.%s: %s', (held, schema, table, replicated) => {
    const routes = [{ schema, table }];
    expect(isReplicated({ tables: [held], pipelines: {} }, { uid, routes, forwards: false })).toBe(replicated);
    // Whether copies are forwarded the patterns do not say; whoever is named is known to capture.
    expect(isReplicated({ tables: [held], pipelines: {} }, { uid, routes, forwards: true })).toBe(false);
    expect(isReplicated({ tables: [], pipelines: { [uid]: 'x' } }, { uid, routes, forwards: true })).toBe(true);
  });

  it('is all of it only under the same routes, or others with the same tables', () => {
    const pipeline = { uid, routes: [{ schema: 'shop', table: 't' }], forwards: true };
    const held = (tables: readonly string[], fingerprint: string, forwards: boolean): boolean =>
      isHeld({ tables, pipelines: { [uid]: fingerprint } }, { ...pipeline, forwards });
    expect(held([], replicationFingerprint(pipeline), true)).toBe(true);
    expect(held(['shop.other'], 'other routes', false)).toBe(false);
    expect(held(['shop.*'], 'other routes', false)).toBe(true);
    expect(held(['shop.*'], 'other routes', true)).toBe(false);
  });
});
