import { conflictEventSchema, rowFromJson } from '@lutra/model';
import type { ConflictEvent, Row, RowEvent } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { conflictEvents } from './conflict-event.js';
import type { Conflict } from './conflict-record.js';

const key: Row = { id: 18446744073709551615n };
const row: Row = { ...key, photo: Buffer.from([0, 255]), weight: -0, name: 'Zürich', note: null };
const conflict: Conflict = {
  table: { database: 'shop', name: 'orders' },
  key,
  type: 'update-differs',
  policy: 'merge',
  winner: 'both',
  op: 'u',
  before: row,
  after: row,
  existing: row,
  result: null,
  localSeq: null,
};
const of = {
  pipeline: 'shop.a-to-b',
  uid: 'abcdefgh2345',
  region: 'california',
  position: { log: 'L', seq: 7 },
  event: { source: { gtid: null, origin: 'hangzhou', tsUs: 5 } } as RowEvent,
  final: true,
};

const eventOf = (one: Conflict): ConflictEvent => conflictEvents([one], of)[0] as ConflictEvent;

describe('the event of a conflict', () => {
  it('is what its schema says, with its rows to the byte', () => {
    const text = JSON.stringify(eventOf(conflict));
    const event = conflictEventSchema.parse(JSON.parse(text));
    expect(event).toMatchObject({ type: 'conflict', schema: 'shop', conflict: 'update-differs', result: null, cut: false });
    expect(event.transaction).toEqual({ log: 'L', seq: 7, gtid: null, origin: 'hangzhou', committedUs: 5 });
    expect(JSON.parse(JSON.stringify(event))).toEqual(JSON.parse(text));
    for (const image of [event.before, event.after, event.existing]) expect(rowFromJson(JSON.stringify(image))).toEqual(row);
    expect(rowFromJson(JSON.stringify(event.key))).toEqual(key);
  });

  it('has an id of its own', () => {
    expect(eventOf(conflict).id).not.toBe(eventOf(conflict).id);
  });

  it('is not made for more than the first 1,000 of a transaction', () => {
    const many = Array.from({ length: 3_000 }, (_, localSeq) => ({ ...conflict, localSeq }));
    expect(conflictEvents(many, of).map(({ localSeq }) => localSeq)).toEqual(many.slice(0, 1_000).map(({ localSeq }) => localSeq));
  });
});
