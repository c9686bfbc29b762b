import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorValueOf, setMembers, setText } from './choice-text.js';

describe('ENUM and SET values', () => {
  it('have an error value that is no member', () => {
    expect([['a'], ['a', ''], ['', '\0', 'b'], []].map(errorValueOf)).toEqual(['', '\0', '\0\0', '']);
  });

  it('of a SET are texts that tell every choice of members apart', () => {
    const members = fc.uniqueArray(fc.string({ maxLength: 3 }).filter((member) => !member.includes(',')));
    const property = fc.property(members, (list) => {
      expect(setMembers(setText(list))).toEqual(list);
    });
    fc.assert(property);
    expect([[], [''], ['', 'a'], ['a', ''], ['a']].map(setText)).toEqual(['', ',', ',a', 'a,', 'a']);
  });
});
