import { auditEntrySchema } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { auditEntry } from './audit-entry.fixture.js';
import { changeEntry, entryOf, fitted, mostBytes, noteEntry, recordOf } from './entry.js';

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

describe('an entry of a change', () => {
  it('is the same whoever makes it', () => {
    const before = { name: 'shop', description: '' };
    const change = { revision: 57, by: 'ada', at: 1, from: '::1', reason: 'as told', what: 'removed', before, after: null } as const;
    const entry = changeEntry('channels', 'shop', change);
    expect(auditEntrySchema.parse(entry)).toEqual(changeEntry('channels', 'shop', change));
    expect(entry).toMatchObject({ id: '57-channels-shop', action: 'channel.write', subject: 'channels/shop', revisions: [57] });
    expect(entry.change).toEqual({ before, after: null });
  });

  it('that is too large lacks its largest parts, by name', () => {
    const change = {
      before: { name: 'shop', pipelines: 'a'.repeat(50_000), note: 'n' },
      after: { name: 'shop', pipelines: 'b'.repeat(40_000) },
    };
    const entry = fitted(auditEntry('e', { change }));
    expect(bytesOf(entry)).toBeLessThanOrEqual(mostBytes);
    expect(entry.change).toEqual({ before: { name: 'shop', pipelines: '(left out: 50002 bytes)', note: 'n' }, after: change.after });
  });

  it('that has too many parts lacks all of them', () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`field ${n}`, n]));
    const entry = fitted(auditEntry('e', { change: { before: null, after: many } }));
    expect(bytesOf(entry)).toBeLessThanOrEqual(mostBytes);
    expect(entry.change).toEqual({ before: null, after: `(left out: ${bytesOf(many)} bytes)` });
  });
});

it('what a request says of itself is cut where it is too long', () => {
  const {
    v: _,
    id: __,
    at: ___,
    ...note
  } = auditEntry('e', { request: `GET /${'x'.repeat(100_000)}`, subject: 's'.repeat(100_000), revisions: [7] });
  const entry = noteEntry(note, { id: 'e', at: 1 });
  expect(bytesOf(entry)).toBeLessThan(10_000);
  expect(entry).toMatchObject({ id: 'e', at: 1, revisions: [7], by: 'ada' });
});

it('a record of the topic is an entry, or passed over', () => {
  const entry = auditEntry('e');
  expect(entryOf(Buffer.from(recordOf(entry).value))).toEqual(entry);
  for (const value of ['', '{', '{}', 'null', JSON.stringify({ ...entry, v: 2 })]) expect(entryOf(Buffer.from(value)), value).toBeNull();
  expect(entryOf(null)).toBeNull();
});
