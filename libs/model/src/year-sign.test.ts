import { describe, expect, it } from 'vitest';
import { signsAreTold } from './year-sign.js';

describe('whether the signs of a table are told', () => {
  it('is sure where the server is known, or no number stands after a YEAR column', () => {
    expect(signsAreTold([null, false, true], 'counted')).toBe(true);
    expect(signsAreTold([null, false, true], 'left-out')).toBe(true);
    expect(signsAreTold([false, true], 'unknown')).toBe(true);
    expect(signsAreTold([false, true, null, null], 'unknown')).toBe(true);
  });

  it('is not where a number has another sign in the two readings, unless the number of bytes tells', () => {
    expect(signsAreTold([null, false], 'unknown')).toBe(false);
    expect(signsAreTold([false, null, true], 'unknown')).toBe(false);
    expect(signsAreTold([null, ...Array<boolean>(8).fill(false)], 'unknown')).toBe(true);
  });
});
