/** The end of a log whose beginning retention has removed, together with the record that ZooKeeper's copy names. */
import type { RecordDecoder } from '@lutra/avro';
import type { RawRecord } from '@lutra/bus';
import type { LogRecord } from '@lutra/model';
import type { LogCopy } from '@lutra/registry';
import { describe, expect, it } from 'vitest';
import { TailReader } from './tail.js';

const decoder = { decode: (record: unknown) => record } as unknown as RecordDecoder;
const gtidSet = (upTo: number): string => `3e11fa47-71ca-11e1-9e33-c80aa9429562:1-${upTo}`;
const heartbeat = (offset: number, epoch: number, seq: number, upTo: number): LogRecord => ({
  offset,
  header: { kind: 'heartbeat', log: 'L', seq, epoch },
  body: { kind: 'heartbeat', endpoint: 'a', position: { file: 'f', pos: upTo, gtidSet: gtidSet(upTo) }, seen: {}, remedies: 0, tsMs: 0 },
});
const copy = { log: 'L', epoch: 1, seq: 2, offset: 3, position: { file: 'f', pos: 1, gtidSet: '' }, seen: {}, updatedAt: 0 } as LogCopy;

async function positionOf(records: readonly LogRecord[], of: LogCopy | null = copy): Promise<string | null | undefined> {
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
    expect(await positionOf([heartbeat(10, 1, 9, 100), heartbeat(11, 2, 8, 51)], { ...copy, epoch: 2 })).toBe(gtidSet(51));
    expect(await positionOf([heartbeat(10, 1, 9, 100)], { ...copy, epoch: 2 })).toBeUndefined();
  });
});

describe('a remedy at the end of a log', () => {
  it('moves neither the position nor what had been seen there: its transaction is read again', async () => {
    const reader = new TailReader('t', decoder, null);
    const epoch = {
      offset: 0,
      header: { kind: 'epoch', log: '', seq: -1, epoch: 1 },
      body: { kind: 'epoch', endpoint: 'a', leader: 'l', tsMs: 0 },
    };
    const remedy = {
      offset: 2,
      header: { kind: 'remedy', log: 'L', seq: 1, epoch: 1 },
      body: { kind: 'remedy', endpoint: 'a', seen: { b: { log: 'M', seq: 9 } } },
    };
    for (const record of [epoch, heartbeat(1, 1, 0, 100), remedy]) await reader.read(record as unknown as RawRecord);
    expect(reader.tail).toMatchObject({ state: { seq: 1 }, position: { gtidSet: gtidSet(100) }, seen: {} });
  });
});
