import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChangeWindow } from './window.js';

describe('a window of changes', () => {
  it('knows the last change of each resource that is not forgotten, and nothing else', () => {
    const steps = fc.array(fc.record({ resource: fc.constantFrom('a', 'b', 'c', 'd'), forget: fc.boolean() }), { maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.nat({ max: 60 }), (all, seen) => {
        const window = new ChangeWindow({ withRows: true });
        const last = new Map<string, number>();
        let bound = -1;
        for (const [seq, { resource, forget }] of all.entries()) {
          window.add(resource, seq, [resource]);
          last.set(resource, seq);
          if (forget) window.forget((bound = Math.max(bound, seq - 3)));
        }
        for (const resource of ['a', 'b', 'c', 'd']) {
          const seq = last.get(resource) ?? -1;
          expect(window.changedAfter(resource, Math.max(seen, bound))).toBe(seq > Math.max(seen, bound) ? seq : null);
        }
        expect(window.size).toBe([...last.values()].filter((seq) => seq > bound).length);
      }),
    );
  });

  it('knows all rows that had to do with a resource, each with its last change', () => {
    const window = new ChangeWindow({ withRows: true });
    window.add('x', 1, ['n']);
    window.add('x', 2, ['N']);
    window.add('x', 3, [1n]);
    window.add('x', 4, ['n']);
    expect(window.rivals('x', 0)).toEqual([['N'], [1n], ['n']]);
    expect(window.rivals('x', 2)).toEqual([[1n], ['n']]);
    expect(window.rivals('x', 4)).toEqual([]);
    expect(window.rivals('y', 0)).toEqual([]);
  });
});
