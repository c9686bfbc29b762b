import { describe, expect, it } from 'vitest';
import { AutomaticRestarts } from './automatic-restarts.js';

describe('automatic restarts', () => {
  const minute = 60_000;
  it('come three times within an hour, each later than the one before; then a person is waited for', () => {
    let now = 0;
    const restarts = new AutomaticRestarts(() => now);
    const waits: (number | null)[] = [];
    for (let stop = 0; stop < 5; stop++) {
      const wait = restarts.next('TABLE_MISSING', ['TABLE_MISSING', 'INTERNAL']);
      waits.push(wait);
      now += wait ?? 0;
    }
    expect(waits).toEqual([30_000, 120_000, 480_000, null, null]);
    expect(restarts.tries.map(({ at }) => at)).toEqual([30_000, 150_000, 630_000]);
    now = 30_000 + 60 * minute;
    expect(restarts.next('INTERNAL', ['INTERNAL'])).toBe(480_000);
    expect(restarts.tries.map(({ code }) => code)).toEqual(['TABLE_MISSING', 'TABLE_MISSING', 'INTERNAL']);
  });

  it('are only for what is listed', () => {
    const restarts = new AutomaticRestarts();
    expect([restarts.next('LOG_TRUNCATED', ['TABLE_MISSING']), restarts.next('LOG_TRUNCATED', []), restarts.tries]).toEqual([
      null,
      null,
      [],
    ]);
  });
});
