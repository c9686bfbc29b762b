import { newerThanThisBuild, SyncError, textCodec } from '@lutra/model';
import type { Row, TableSchema } from '@lutra/model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkpointColumns,
  checkpointStatement,
  createStatement,
  moveStatement,
  openingStatement,
  readMarker,
  readSignal,
  readStatement,
  resolutionStatement,
  rowToCheckpoint,
  takeOverStatement,
} from './index.js';
import type { Checkpoint } from './index.js';

const table = { database: 'lutra', name: 'checkpoint', columns: [], primaryKey: [] } satisfies TableSchema;

const checkpoint: Checkpoint = {
  pipeline: 'orders.a-to-b',
  part: 0,
  lane: 0,
  logId: '0198c0de-0000-7000-8000-000000000001',
  logEpoch: 3,
  seq: 41,
  nextOffset: 57,
  gtid: '3e11fa47-71ca-11e1-9e33-c80aa9429562:tag:23',
  sourceUs: 1_700_000_000_123_456,
  origin: 'hangzhou',
  path: ['hangzhou', 'california'],
  epoch: 7,
  replayUntil: -1,
  routes: { revision: 999_999_999_999_999, write: 'abcdefghij27', fingerprint: '0123456789abcdef' },
};

/** What a server makes of the statement's assignments, enough for this table. */
function execute(sql: string, row: Record<string, unknown>): Record<string, unknown> | 'fenced' {
  const after = { ...row };
  const set = /SET (.*) WHERE/.exec(sql)?.[1] ?? '';
  for (const [, column = '', value = ''] of set.matchAll(/(\w+) = (IF\(.*? NULL\)|'[^']*'|NULL|n \+ 1|-?\d+)(?:, |$)/g)) {
    const fence = /^IF\(epoch = (\d+)(?: AND \(seq < (-?\d+) OR next_offset < (-?\d+)\))?/.exec(value);
    if (fence) {
      const below = (column: string, limit = ''): boolean => BigInt(String(row[column])) < BigInt(limit);
      const ahead = fence[2] === undefined || below('seq', fence[2]) || below('next_offset', fence[3]);
      if (String(row['epoch']) !== fence[1] || !ahead) return 'fenced';
    } else if (value === 'n + 1') after['n'] = (row['n'] as bigint) + 1n;
    else if (value === 'NULL') after[column] = null;
    else after[column] = value.startsWith("'") ? value.slice(1, -1) : BigInt(value);
  }
  return after;
}

const row = (from: Checkpoint): Record<string, unknown> => ({
  pipeline: from.pipeline,
  part: from.part,
  lane: from.lane,
  log_id: from.logId,
  log_epoch: BigInt(from.logEpoch),
  seq: BigInt(from.seq),
  next_offset: BigInt(from.nextOffset),
  gtid: from.gtid,
  source_us: BigInt(from.sourceUs),
  origin: from.origin,
  path: from.path.join(','),
  epoch: BigInt(from.epoch),
  n: 5n,
  replay_until: BigInt(from.replayUntil),
  routes: from.routes ? `${from.routes.revision}:${from.routes.write}:${from.routes.fingerprint}` : '',
});

const region = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/);
const anyCheckpoint: fc.Arbitrary<Checkpoint> = fc.record({
  pipeline: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,47}\.[a-z0-9][a-z0-9-]{0,47}$/),
  part: fc.nat(),
  lane: fc.nat(),
  logId: fc.oneof(fc.constant(''), fc.uuid()),
  logEpoch: fc.maxSafeNat(),
  seq: fc.maxSafeNat(),
  nextOffset: fc.maxSafeNat(),
  gtid: fc.option(fc.stringMatching(/^[0-9a-f]{8}:[0-9]{1,9}$/)),
  sourceUs: fc.maxSafeNat(),
  origin: region,
  path: fc.array(region, { maxLength: 5 }),
  epoch: fc.maxSafeNat(),
  replayUntil: fc.oneof(fc.constant(-1), fc.maxSafeNat()),
  routes: fc.constantFrom(null, { revision: 1, write: 'a2b3c4d5e6f7', fingerprint: 'fedcba9876543210' }),
});

describe('both halves', () => {
  test('what a loader writes is what capture reads, and what the next loader reads', () => {
    fc.assert(
      fc.property(anyCheckpoint, (next) => {
        const before = row({ ...next, seq: next.seq - 1, gtid: null, path: [], origin: '' });
        const after = execute(checkpointStatement(next), before);
        expect(after).not.toBe('fenced');
        expect(rowToCheckpoint(after as Row)).toEqual({ ...next, n: 6n });
        const { pipeline, part, lane, logId, logEpoch, seq, origin, path, epoch } = next;
        const marker = readMarker(table, { before: before as Row, after: after as Row });
        expect(marker).toEqual({ pipeline, part, lane, logId, logEpoch, seq, origin, path, epoch, takeOver: false });
      }),
    );
  });

  test('the opening statement marks and fences and leaves the position alone', () => {
    const key = { ...checkpoint, origin: 'lima', path: ['lima'] };
    const after = execute(openingStatement(key), row(checkpoint));
    expect(rowToCheckpoint(after as Row)).toEqual({ ...checkpoint, origin: 'lima', path: ['lima'], n: 6n });
    expect(execute(openingStatement({ ...key, epoch: 6 }), row(checkpoint))).toBe('fenced');
  });

  test('a move goes back as well, whoever owns the row, and says how far to replay', () => {
    const back = { ...checkpoint, seq: 7, nextOffset: 9, epoch: 9, replayUntil: 41 };
    expect(rowToCheckpoint(execute(moveStatement(back), row(checkpoint)) as Row)).toEqual({ ...back, n: 6n });
    // What is applied from there on leaves it as it is, until a later move.
    const next = execute(checkpointStatement({ ...back, seq: 8, replayUntil: -1 }), row(back));
    expect(rowToCheckpoint(next as Row).replayUntil).toBe(41);
  });

  test('another owner, or a position that was reached already, is fenced', () => {
    expect(execute(checkpointStatement({ ...checkpoint, seq: 42, epoch: 6 }), row(checkpoint))).toBe('fenced');
    expect(execute(checkpointStatement(checkpoint), row(checkpoint))).toBe('fenced');
    expect(execute(checkpointStatement({ ...checkpoint, seq: 42 }), row(checkpoint))).not.toBe('fenced');
    expect(execute(checkpointStatement({ ...checkpoint, nextOffset: 58 }), row(checkpoint))).not.toBe('fenced');
  });
});

describe('statement', () => {
  test('golden', () => {
    expect(checkpointStatement(checkpoint)).toBe(
      'UPDATE lutra.checkpoint SET epoch = IF(epoch = 7 AND (seq < 41 OR next_offset < 57), 7, NULL), n = n + 1, ' +
        "log_id = '0198c0de-0000-7000-8000-000000000001', log_epoch = 3, seq = 41, next_offset = 57, " +
        "gtid = '3e11fa47-71ca-11e1-9e33-c80aa9429562:tag:23', source_us = 1700000000123456, " +
        "origin = 'hangzhou', path = 'hangzhou,california' WHERE pipeline = 'orders.a-to-b' AND part = 0 AND lane = 0",
    );
    expect(openingStatement(checkpoint)).toBe(
      "UPDATE lutra.checkpoint SET epoch = IF(epoch = 7, 7, NULL), n = n + 1, origin = 'hangzhou', path = 'hangzhou,california' " +
        "WHERE pipeline = 'orders.a-to-b' AND part = 0 AND lane = 0",
    );
    expect(takeOverStatement('p', 2, 8)).toBe("UPDATE lutra.checkpoint SET epoch = 8, n = n + 1 WHERE pipeline = 'p' AND part = 2");
    expect(readStatement('p', 2, { forUpdate: true })).toMatch(/ WHERE pipeline = 'p' AND part = 2 ORDER BY lane FOR UPDATE$/);
    expect(createStatement({ pipeline: 'p', part: 0, lane: 1, epoch: 8 })).toMatch(
      / VALUES \('p', 0, 1, '', -1, -1, 0, NULL, 0, '', '', 8, 0, -1, ''\)$/,
    );
  });

  test.each([
    { pipeline: "x' OR '1" },
    { pipeline: '' },
    { logId: '\\' },
    { gtid: "a'b" },
    { gtid: 'a'.repeat(201) },
    { origin: 'é' },
    { path: ["a'"] },
    { path: Array<string>(30).fill('a'.repeat(40)) },
    { seq: 1.5 },
    { epoch: Number.NaN },
    { nextOffset: 2 ** 53 },
  ])('refuses %j', (bad) => {
    expect(() => checkpointStatement({ ...checkpoint, ...bad })).toThrow(expect.objectContaining({ code: 'CHECKPOINT_INVALID' }));
  });
});

describe('readMarker', () => {
  const after = row(checkpoint) as Row;

  test('a raised epoch or a new row is a take-over', () => {
    expect(readMarker(table, { before: { ...after, epoch: 6n }, after })?.takeOver).toBe(true);
    expect(readMarker(table, { before: null, after })?.takeOver).toBe(true);
    expect(readMarker(table, { before: after, after })?.takeOver).toBe(false);
  });

  test('other tables and deletions mark nothing', () => {
    expect(readMarker({ database: 'shop', name: 'checkpoint' }, { before: null, after })).toBeNull();
    expect(readMarker({ database: 'lutra', name: 'signal' }, { before: null, after })).toBeNull();
    expect(readMarker(table, { before: after, after: null })).toBeNull();
  });

  test('a row event from before the table had replay_until is read', () => {
    const { replay_until: _, ...image } = after as Record<string, Row[string]>;
    expect(readMarker(table, { before: null, after: image })?.seq).toBe(41);
  });

  test('a column of a later level is NULL until a process uses it, and then stops this build by name', () => {
    const image = (test_note: Row[string]): Row => ({ ...after, test_note });
    expect(readMarker(table, { before: null, after: image(null) })).toEqual(readMarker(table, { before: null, after }));
    for (const used of ['', 0, 'x'])
      expect(() => readMarker(table, { before: null, after: image(used) })).toThrow(
        expect.objectContaining({ code: 'LEVEL_TOO_NEW', message: expect.stringContaining('column test_note, written at a level newer') }),
      );
  });

  test.each(checkpointColumns.filter((column) => column !== 'replay_until' && column !== 'routes'))(
    'a table without %s is refused by name',
    (column) => {
      const image: Record<string, Row[string]> = { ...after };
      delete image[column];
      expect(() => readMarker(table, { before: null, after: image })).toThrow(SyncError);
      expect(() => readMarker(table, { before: null, after: image })).toThrow(
        expect.objectContaining({ code: 'CHECKPOINT_INVALID', details: { column } }),
      );
    },
  );
});

test('a signal of a kind that is not known is refused by name: it says something that capture would leave out', () => {
  const after = { pipeline: 'p', kind: 'barrier', content: 'x' };
  expect(() => readSignal({ database: 'lutra', name: 'signal' }, { before: null, after })).toThrow(
    `lutra.signal: a row of kind "barrier", ${newerThanThisBuild}`,
  );
});

test('a resolution arrives with the row that was sent, through a reader that doubles what could be the mark of an escape', () => {
  const row: Row = {
    id: 1,
    t: 'a\u{10ffff}\u{1000ff}',
    u: '\u{10ffff}\u{10ffff}',
    b: Buffer.from([0xff]),
    n: 5n,
    j: '[\t"2024-01-01", \n7, "\\\\"]',
  };
  const quotes: string[] = [];
  const quote = (text: string): string => `<${quotes.push(text)}>`;
  resolutionStatement({ pipeline: 'p', channel: 'c', database: 'd', table: 't', key: { id: 1 }, row }, 0, quote);
  const bytes = Buffer.from(quotes[0] ?? '');
  const after = { pipeline: 'p', kind: 'resolution', content: textCodec('utf8mb4')?.decode(bytes) ?? null };
  expect(readSignal({ database: 'lutra', name: 'signal' }, { before: null, after })).toMatchObject({
    kind: 'resolution',
    key: { id: 1 },
    row,
  });
});
