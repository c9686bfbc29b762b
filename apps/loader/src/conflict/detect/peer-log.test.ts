import { setTimeout as delay } from 'node:timers/promises';
import { RecordEncoder, type EncodedRecord } from '@lutra/avro';
import type { RawRecord } from '@lutra/bus';
import { SyncError } from '@lutra/model';
import type { ControlRecord, TableSchema } from '@lutra/model';
import { Metrics } from '@lutra/telemetry';
import { untilAbort } from '@lutra/runtime';
import { expect, test } from 'vitest';
import type { KafkaPort } from '../../io.js';
import { MemoryIds } from '../../../../../libs/avro/test/samples.js';
import { column, targetTable } from '../../../../../libs/mysql/src/changes.fixture.js';
import { keysOf } from '@lutra/mysql';
import { eventOf } from './detector-peers.fixture.js';
import { PeerLog } from './peer-log.js';
import type { PeerLogOptions } from './peer-log.js';
import { Peers } from './peers.js';
import type { PeersOptions } from './peers.js';

let feed: readonly RawRecord[] = [];
const kafka: KafkaPort = {
  admin: () => ({
    exists: async () => true,
    offsets: async () => ({ start: 0, end: feed.length }),
    groupOffset: async () => null,
    commitGroupOffset: async () => undefined,
    close: async () => undefined,
  }),
  subscribe: async function* ({ offset, signal }) {
    yield feed.slice(offset);
    await untilAbort(signal);
  },
};

const table: TableSchema = {
  database: 'shop',
  name: 't',
  columns: [{ name: 'id', type: 'varchar', charset: 'utf8mb4', length: 80 }],
  primaryKey: ['id'],
};
const target = targetTable([column('id', { type: 'varchar', charset: 'utf8mb4', collation: 'utf8mb4_general_ci' })], {});
const keys = keysOf(table, target, {
  of: () => ({
    known: () => null,
    ask: async (texts: Iterable<string>) => {
      await delay(20); // a round trip to the target
      return new Map([...texts].map((text) => [text, text]));
    },
  }),
});

async function options(signal: AbortSignal, { passed }: { readonly passed?: EncodedRecord } = {}) {
  const ids = new MemoryIds();
  const encoder = new RecordEncoder({ topic: 't', endpoint: 'a', ids });
  const rows = await encoder.prepare(table);
  const epoch: ControlRecord = { kind: 'epoch', endpoint: 'a', leader: 'x', tsMs: 0 };
  const out = [await encoder.encodeControl({ kind: 'epoch', log: '', seq: -1, epoch: 1 }, epoch)];
  for (const seq of [0, 1]) {
    if (seq === 1 && passed) out.push(passed);
    const event = eventOf({ before: null, after: { id: `ä${seq}` } }, { seq, seen: {} });
    out.push(
      rows.encode(
        { kind: 'row', log: 'M', seq: passed ? 2 * seq : seq, epoch: 1 },
        { ...event, source: { ...event.source, db: 'shop', table: 't', origin: 'third', path: ['third'] } },
      ),
    );
  }
  feed = out.map((record, offset): RawRecord => ({ ...record, offset, timestampMs: 0 }));
  return {
    bus: { brokers: [], clientId: 'x', logger: {} as never },
    topic: 't',
    pipeline: 'c.p',
    withRows: true,
    others: [],
    kafka,
    schemas: ids,
    keysOf: () => keys,
    isGone: async () => false,
    keysOfResolution: async () => keys,
    tells: () => false,
    signal,
  };
}

test('a log that is open knows which log it is', async () => {
  const ended = new AbortController();
  const log = await PeerLog.open(await options(ended.signal), { log: 'M', seq: -1 });
  expect([log.id, log.seenBy({ log: 'M', seq: 1 })]).toEqual(['M', 1]);
  ended.abort();
});

test('a record of a later level that may be passed by counts, and what comes behind it is known', async () => {
  const ended = new AbortController();
  const headers = { 'lutra-kind': 'later', 'lutra-log': 'M', 'lutra-seq': '1', 'lutra-epoch': '1', 'lutra-schema': 'x', 'lutra-skip': '1' };
  const passed = { key: null, value: Buffer.from('of no schema'), headers };
  const log = await PeerLog.open(await options(ended.signal, { passed }), { log: 'M', seq: -1 });
  await log.reached(2, 10_000);
  expect(log.seq).toBe(2);
  ended.abort();
});

function peersOf(log: PeerLogOptions, of: Pick<PeersOptions, 'requireWanted' | 'signal'> & { applied(): string }) {
  const { applied, requireWanted, signal } = of;
  return new Peers({
    peers: [{ region: 'third', toSource: 'c.direct', pipeline: 'c.third', log }],
    watermark: { write: async () => 'x', query: async () => [{ log_id: 'M', seq: applied() }], close: async () => undefined },
    name: 'c.p',
    metrics: new Metrics('loader', { processMetrics: false }),
    onWaiting: () => undefined,
    requireWanted,
    during: (_, work) => work(),
    signal,
  });
}

test('what a transaction had seen of a third region is waited for', async () => {
  const ended = new AbortController();
  const { signal } = ended;
  const ways: string[] = [];
  let applied = '-1';
  const of = { applied: () => applied, requireWanted: () => undefined, signal };
  await peersOf(await options(signal), of).follow({ 'c.direct': { log: 'M', seq: 1 } }, async () => {
    ways.push('made way');
    applied = '1';
  });
  expect(ways).toEqual(['made way']);
  ended.abort();
});

test('a pipeline that was removed is waited for no longer: the edit that says so waits for the same transaction', async () => {
  const ended = new AbortController();
  const { signal } = ended;
  let looks = 0;
  const requireWanted = (): void => {
    looks += 1;
    if (looks > 2) throw new SyncError('CONFIG_BEHIND', 'it was removed');
  };
  const peers = peersOf(await options(signal), { applied: () => '-1', requireWanted, signal });
  await expect(peers.follow({ 'c.direct': { log: 'M', seq: 1 } }, async () => undefined)).rejects.toMatchObject({ code: 'CONFIG_BEHIND' });
  ended.abort();
});
