import { systemZone } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { sessionOf } from './session.js';

const session = { sqlMode: 7, timeZone: '+02:00', lcTimeNames: 0, collation: 45 };
const defaults = { session, systemZone: 'SYSTEM 1' };

describe('the session of a transaction', () => {
  it('is what its BEGIN says, and the default where that says nothing', () => {
    const charset = { client: 33, connection: 8, server: 255 };
    expect(sessionOf({ sqlMode: 2n ** 32n, timeZone: 'SYSTEM', lcTimeNames: 4, charset, unknown: null }, defaults)).toEqual({
      sqlMode: 2 ** 32,
      timeZone: 'SYSTEM 1',
      lcTimeNames: 4,
      collation: 8,
    });
    expect(sessionOf({ unknown: null }, defaults)).toEqual(session);
  });

  it('is refused where an unknown variable may hide a known one', () => {
    expect(() => sessionOf({ unknown: 99 }, defaults)).toThrow(expect.objectContaining({ code: 'BINLOG_UNSUPPORTED' }));
    expect(sessionOf({ unknown: 99, defaultCollationForUtf8mb4: 255 }, defaults)).toEqual(session);
  });
});

describe("a server's own time zone", () => {
  it('is an offset if it is always the same, else known by all its offsets', () => {
    expect(systemZone('0,0,0')).toBe('+00:00');
    expect(systemZone('28800,28800')).toBe('+08:00');
    expect(systemZone('-12600,-12600')).toBe('-03:30');
    expect(systemZone('3600,7200')).toMatch(/^SYSTEM [0-9a-f]{8}$/);
    expect(systemZone('3600,7200')).not.toBe(systemZone('7200,3600'));
  });
});
