import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideRow, staysOf } from './row-decision.js';
import type { Stays } from './row-decision.js';

const oneWay = { source: 'a', target: 'b', home: null };

describe('whose version stays', () => {
  it.each([
    ['seed', 'source', 'incoming'],
    ['seed', 'target', 'existing'],
    ['seed', 'stop', 'stop'],
    ['resync', null, 'incoming'],
    ['repair', null, 'incoming'],
  ] as const)('one way, %s with %s: %s', (purpose, onExisting, stays) => expect(staysOf(purpose, onExisting, oneWay)).toBe(stays));

  it('both ways two sides never both take or both keep, whichever region is named', () => {
    fc.assert(
      fc.property(fc.constantFrom('a', 'b', 'c', null), fc.constantFrom('a', 'b'), (named, home) => {
        const sides = [
          staysOf('seed', named, { source: 'a', target: 'b', home }),
          staysOf('seed', named, { source: 'b', target: 'a', home }),
        ];
        // Of a third region the row comes from there.
        if (named === 'c') expect(sides).toEqual(['existing', 'existing']);
        else expect(sides.toSorted()).toEqual(['existing', 'incoming']);
      }),
    );
  });
});

it('a row that is read never wins against a change, and writes nothing that is equal', () => {
  const all = fc.record({
    changed: fc.constantFrom('primary', 'unique', null),
    isThere: fc.boolean(),
    isEqual: fc.boolean(),
    isHeld: fc.boolean(),
    stays: fc.constantFrom<Stays>('incoming', 'existing', 'stop'),
  });
  fc.assert(
    fc.property(all, (at) => {
      const outcome = decideRow(at);
      const writes = outcome === 'inserted' || outcome === 'replaced';
      if (at.changed !== null || at.isHeld || (at.isThere && at.isEqual)) expect(writes).toBe(false);
      if (outcome === 'inserted') expect(at.isThere).toBe(false);
      if (outcome === 'replaced') expect(at.stays).toBe('incoming');
    }),
  );
});
