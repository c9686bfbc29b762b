import { describe, expect, it } from 'vitest';
import { SyncError } from '@lutra/model';
import { eventBytes, formatBody, queryBody } from './bytes.fixture.js';
import { EventFraming, readServerVersion } from './event.js';

describe('an event', () => {
  it('is refused if any bit of it is wrong', () => {
    const good = eventBytes({ type: 2, body: queryBody('BEGIN'), next: 500 });
    for (let bit = 0; bit < 8 * good.length; bit++) {
      const bad = Buffer.from(good);
      bad[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => new EventFraming().read(bad)).toThrow(SyncError);
    }
    expect(new EventFraming().read(good)).toMatchObject({ type: 2, nextPosition: 500, size: good.length, body: queryBody('BEGIN') });
  });

  it('has a checksum if the format event of its file says so', () => {
    const framing = new EventFraming();
    const without = eventBytes({ type: 2, body: queryBody('BEGIN'), checksum: false });
    framing.read(eventBytes({ type: 15, body: formatBody('8.0.15', false) }));
    expect(framing.read(without).body).toEqual(queryBody('BEGIN'));
    framing.read(eventBytes({ type: 15, body: formatBody('8.0.15', true) }));
    expect(() => framing.read(without)).toThrow('checksum');
  });

  it('of a file in use was marked after its checksum was made', () => {
    const bytes = eventBytes({ type: 15, body: formatBody('8.0.15') });
    bytes.writeUInt16LE(1, 17);
    expect(readServerVersion(new EventFraming().read(bytes).body)).toBe('8.0.15');
  });

  it('must be as long as it says', () => {
    expect(() => new EventFraming().read(eventBytes({ type: 2 }).subarray(0, 20))).toThrow('says');
    expect(() => new EventFraming().read(Buffer.alloc(5))).toThrow('5 bytes');
  });
});
