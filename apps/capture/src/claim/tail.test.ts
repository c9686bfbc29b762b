/** The end of a log whose beginning retention has removed, together with the record that the position backup names. */
import type { RecordDecoder } from '@lutra/avro';
import type { RawRecord } from '@lutra/bus';
import type { LogRecord } from '@lutra/model';
import type { PositionBackup } from '@lutra/registry';
import { describe, expect, it } from 'vitest';
import { TailReader } from './tail.js';

const decoder = { decode: (record: unknown) => record } as unknown as RecordDecoder;
const gtidSet = (upTo: number): string => `3e11fa47-71ca-11e1-9e33-c80aa9429562:1-${upTo}`;
const heartbeat = (offset: number, epoch: number, seq: number, upTo: number): LogRecord => ({
  offset,
  header: { kind: 'heartbeat', log: 'L', seq, epoch },
  body: {
    kind: 'heartbeat',
    endpoint: 'a',
    position: { file: 'f', pos: upTo, gtidSet: gtidSet(upTo), fileCreated: 7 },
    seen: {},
    resolutions: 0,
    publishedThrough: null,
    tsMs: 0,
  },
});
const backup = {
  log: 'L',
  epoch: 1,
  seq: 2,
  offset: 3,
  position: { file: 'f', pos: 1, gtidSet: '' },
  seen: {},
  updatedAt: 0,
} as PositionBackup;

async function positionOf(records: readonly LogRecord[], of: PositionBackup | null = backup): Promise<string | null | undefined> {
  const reader = new TailReader('t', decoder, of);
  for (const record of records) await reader.read(record as unknown as RawRecord);
  return reader.tail.position?.gtidSet;
}

describe('a log without its beginning', () => {
  it('that begins with what a replaced leader wrote late goes on with its successor, not behind it', async () => {
    // Leader 1 had read up to 100 when it was replaced; leader 2 has published up to 51. To go on behind 100 would lose 52 to 100.
    const records = [heartbeat(10, 1, 9, 100), heartbeat(11, 2, 8, 51)];
    expect(await positionOf(records)).toBe(gtidSet(51));
    expect(await positionOf(records, null)).toBe(gtidSet(51));
  });

  it('does not take a record of an epoch before the one that the copy is of', async () => {
    expect(await positionOf([heartbeat(10, 1, 9, 100), heartbeat(11, 2, 8, 51)], { ...backup, epoch: 2 })).toBe(gtidSet(51));
    expect(await positionOf([heartbeat(10, 1, 9, 100)], { ...backup, epoch: 2 })).toBeUndefined();
  });
});

it('a record of a later level that may be passed by moves nothing but the seq', async () => {
  const reader = new TailReader('t', decoder, null);
  const records: readonly LogRecord[] = [
    { offset: 0, header: { kind: 'epoch', log: '', seq: -1, epoch: 1 }, body: { kind: 'epoch', endpoint: 'a', leader: 'x', tsMs: 0 } },
    heartbeat(1, 1, 0, 50),
    { offset: 2, header: { kind: 'unknown', log: 'L', seq: 1, epoch: 1 }, body: { kind: 'unknown', name: 'later' } },
  ];
  for (const record of records) await reader.read(record as unknown as RawRecord);
  expect(reader.tail).toMatchObject({ state: { seq: 1 }, position: { gtidSet: gtidSet(50) }, resolutions: 0, publishedThrough: null });
});

it('rows that were copied move nothing: their place is said by what lies before', async () => {
  const row = (offset: number, op: 'c' | 'r', gtid: string | null, pos: number): LogRecord =>
    ({
      offset,
      header: { kind: 'row', log: 'L', seq: offset - 1, epoch: 1 },
      body: {
        kind: 'row',
        event: { op, source: { gtid, path: ['a'] }, transaction: { id: `t${pos}`, last: true, seen: {}, end: { file: 'f', pos } } },
      },
    }) as unknown as LogRecord;
  const reader = new TailReader('t', decoder, null);
  const epoch = {
    offset: 0,
    header: { kind: 'epoch', log: '', seq: -1, epoch: 1 },
    body: { kind: 'epoch', endpoint: 'a', leader: 'x', tsMs: 0 },
  };
  const next = '3e11fa47-71ca-11e1-9e33-c80aa9429562:51';
  const records = [epoch, heartbeat(1, 1, 0, 50), row(2, 'c', next, 60), row(3, 'r', null, 60), row(4, 'r', null, 99)];
  for (const record of records) await reader.read(record as unknown as RawRecord);
  expect(reader.tail).toMatchObject({ state: { seq: 3 }, position: { pos: 60, gtidSet: gtidSet(51) }, publishedThrough: null });
});

describe('the routes that a log has', () => {
  const said = (revision: number) => ({
    revision,
    write: 'aaaaaaaaaaaa',
    tables: [`t${revision}`],
    pipelines: { 'c.p': `f${revision}` },
    names: {},
  });
  const record = (offset: number, seq: number, revision: number): LogRecord => ({
    offset,
    header: { kind: 'routes', log: 'L', seq, epoch: 1 },
    body: { kind: 'routes', endpoint: 'a', ...said(revision), server: 'S', tsMs: 0 },
  });

  it('are those of the copy until a record says others', async () => {
    const reader = new TailReader('t', decoder, { ...backup, routes: said(1) });
    await reader.read(heartbeat(3, 1, 2, 100) as unknown as RawRecord);
    expect(reader.tail.announced).toEqual(said(1));
    await reader.read(record(4, 3, 2) as unknown as RawRecord);
    expect(reader.tail.announced).toEqual(said(2));
  });

  it('say from which server the heartbeats behind them were read', async () => {
    const known = async (...records: readonly LogRecord[]) => {
      const reader = new TailReader('t', decoder, backup);
      for (const each of records) await reader.read(each as unknown as RawRecord);
      return reader.tail.known;
    };
    const first = [heartbeat(3, 1, 2, 100), record(4, 3, 2)];
    const position = (upTo: number) => ({ file: 'f', pos: upTo, gtidSet: gtidSet(upTo), fileCreated: 7, serverUuid: 'S' });
    expect(await known(...first)).toBeNull();
    expect(await known(...first, heartbeat(5, 1, 4, 101))).toEqual(position(101));
    // The first heartbeat of a leader has the position of the one before it, perhaps on another server.
    const epoch = { offset: 6, header: { kind: 'epoch', log: '', seq: -1, epoch: 2 }, body: { kind: 'epoch', leader: 'm' } } as LogRecord;
    expect(await known(...first, heartbeat(5, 1, 4, 101), epoch, heartbeat(7, 2, 5, 102))).toEqual(position(101));
    const restart = {
      offset: 6,
      header: { kind: 'restart', log: 'L', seq: 5, epoch: 1 },
      body: { kind: 'restart', id: 'x', position: position(9) },
    };
    expect(await known(...first, heartbeat(5, 1, 4, 101), restart as unknown as LogRecord)).toBeNull();
  });

  it('are not known where neither has any', async () => {
    const reader = new TailReader('t', decoder, backup);
    await reader.read(heartbeat(3, 1, 2, 100) as unknown as RawRecord);
    expect(reader.tail.announced).toBeNull();
  });
});

describe('a resolution at the end of a log', () => {
  it('moves neither the position nor what had been seen there: its transaction is read again', async () => {
    const reader = new TailReader('t', decoder, null);
    const epoch = {
      offset: 0,
      header: { kind: 'epoch', log: '', seq: -1, epoch: 1 },
      body: { kind: 'epoch', endpoint: 'a', leader: 'l', tsMs: 0 },
    };
    const resolution = {
      offset: 2,
      header: { kind: 'resolution', log: 'L', seq: 1, epoch: 1 },
      body: { kind: 'resolution', endpoint: 'a', seen: { b: { log: 'M', seq: 9 } } },
    };
    for (const record of [epoch, heartbeat(1, 1, 0, 100), resolution]) await reader.read(record as unknown as RawRecord);
    expect(reader.tail).toMatchObject({ state: { seq: 1 }, position: { gtidSet: gtidSet(100) }, seen: {} });
  });
});

describe('a forwarded transaction at the end of a log', () => {
  const uuid = gtidSet(1).slice(0, 36);
  const row = (seq: number, number: number, path: readonly string[]): LogRecord =>
    ({
      offset: seq + 1,
      header: { kind: 'row', log: 'L', seq, epoch: 1 },
      body: {
        kind: 'row',
        event: {
          source: { gtid: `${uuid}:${number}`, path },
          transaction: { id: `${uuid}:${number}`, last: true, seen: { b: { log: 'M', seq: number } }, end: { file: 'f', pos: number } },
        },
      },
    }) as unknown as LogRecord;
  const resolution = (seq: number): LogRecord =>
    ({ offset: seq + 1, header: { kind: 'resolution', log: 'L', seq, epoch: 1 }, body: { kind: 'resolution' } }) as unknown as LogRecord;
  const epoch = { offset: 0, header: { kind: 'epoch', log: '', seq: -1, epoch: 1 }, body: { kind: 'epoch', leader: 'l' } } as LogRecord;

  async function tailOf(...records: readonly LogRecord[]): Promise<unknown> {
    const reader = new TailReader('t', decoder, null);
    for (const record of [epoch, heartbeat(1, 1, 0, 100), ...records]) await reader.read(record as unknown as RawRecord);
    const { position, seen, resolutions, publishedThrough } = reader.tail;
    return { end: position?.gtidSet, seen, resolutions, publishedThrough: publishedThrough?.slice(37) ?? null };
  }

  it('is read again for its resolutions and for what it had seen, but not for its rows', async () => {
    const forwarded = { end: gtidSet(100), seen: {}, publishedThrough: '101' };
    expect(await tailOf(row(1, 101, ['b', 'a']))).toEqual({ ...forwarded, resolutions: 0 });
    expect(await tailOf(row(1, 101, ['b', 'a']), resolution(2))).toEqual({ ...forwarded, resolutions: 1 });
    expect(await tailOf(row(1, 101, ['b', 'a']), resolution(2), row(3, 102, ['c', 'a']))).toEqual({
      ...forwarded,
      resolutions: 1,
      publishedThrough: '102',
    });
  });

  it('is read again with what follows it, for its GTID would be missing; a transaction of its own moves the position where nothing else came', async () => {
    const own = { end: gtidSet(100), seen: {}, resolutions: 1, publishedThrough: '102' };
    expect(await tailOf(row(1, 101, ['b', 'a']), resolution(2), row(3, 102, ['a']))).toEqual(own);
    expect(await tailOf(resolution(1), row(2, 102, ['a']))).toEqual(own);
    expect(await tailOf(row(1, 101, ['a']))).toMatchObject({
      end: gtidSet(101),
      seen: { b: { log: 'M', seq: 101 } },
      publishedThrough: null,
    });
  });

  it('is behind a heartbeat', async () => {
    expect(await tailOf(row(1, 101, ['b', 'a']), resolution(2), heartbeat(4, 1, 3, 101))).toMatchObject({
      end: gtidSet(101),
      publishedThrough: null,
    });
  });

  it('is still to be left out where a new leader has said so and no more', async () => {
    const claimed = heartbeat(3, 1, 2, 100);
    const told = { ...claimed, body: { ...claimed.body, resolutions: 2, publishedThrough: `${uuid}:101` } } as LogRecord;
    expect(await tailOf(row(1, 101, ['b', 'a']), told)).toEqual({ end: gtidSet(100), seen: {}, resolutions: 2, publishedThrough: '101' });
  });
});
