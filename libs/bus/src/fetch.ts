/**
 * The Fetch request for one partition, and the offsets of its ends. Version 13 names the topic by its id (Kafka 3.1 or later), so a
 * topic that was deleted and created again is never read on as if it were the same. The bytes of the answer are left as they came:
 * the client's own parser would decode all of them at once. https://kafka.apache.org/protocol#The_Messages_Fetch
 */
import { fetchV13, listOffsetsV7 } from '@platformatic/kafka';
import type { Reader } from '@platformatic/kafka';
import { SyncError } from '@lutra/model';
import type { Leader } from './cluster.js';
import { protocolError, protocolErrorId } from './kafka-error.js';

const fetchApi = { name: 'Fetch', key: 1, least: 13, wanted: 13 } as const;
const noSession = { id: 0, epoch: -1 } as const;
const readUncommitted = 0;
const nothing = Buffer.alloc(0);
const earliest = -2n;
const latest = -1n;

export interface FetchPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface FetchLimits {
  readonly maxBytes: number;
  readonly maxWaitMs: number;
}

/**
 * Record batches from an offset on, as bytes; the first one whole whatever its size. Empty when nothing came within `maxWaitMs`.
 * @throws SyncError with details.kafka
 */
export async function fetchBytes(leader: Leader, position: FetchPosition, { maxBytes, maxWaitMs }: FetchLimits): Promise<Buffer> {
  const topics = [
    {
      topicId: leader.topicId,
      partitions: [
        {
          partition: position.partition,
          currentLeaderEpoch: leader.leaderEpoch,
          fetchOffset: BigInt(position.offset),
          lastFetchedEpoch: -1,
          partitionMaxBytes: maxBytes,
        },
      ],
    },
  ];
  const version = leader.wire.version(fetchApi);
  const payload = fetchV13.createRequest(maxWaitMs, 1, maxBytes, readUncommitted, noSession.id, noSession.epoch, topics, [], '');
  const fetched = await leader.wire.send({ key: fetchApi.key, version, payload, parse: parseFetched });
  const error = protocolErrorId(fetched.errorCode);
  if (error === undefined) return fetched.bytes;
  const what = `fetch from ${position.topic}/${position.partition} at ${position.offset}`;
  throw protocolError(error, what, { details: { ...position }, api: fetchApi.key });
}

interface PartitionOf {
  readonly topic: string;
  readonly partition: number;
}

/** Log start offset, and the offset after the last record that all in-sync replicas have. */
export async function fetchEnds(leader: Leader, topic: string, partition: number): Promise<{ start: number; end: number }> {
  const ask = async (timestamp: bigint): Promise<number> => {
    const offset = await listedOffset(leader, { topic, partition }, timestamp);
    if (offset < 0) throw new SyncError('INTERNAL', `${topic}/${partition}: an answer to ListOffsets has no offset`);
    return offset;
  };
  const start = await ask(earliest);
  return { start, end: Math.max(start, await ask(latest)) };
}

/** Of the first record whose timestamp is `ms` or later; null: there is none. */
export async function fetchOffsetAt(leader: Leader, of: PartitionOf, ms: number): Promise<number | null> {
  const offset = await listedOffset(leader, of, BigInt(Math.max(0, Math.floor(ms))));
  return offset < 0 ? null : offset;
}

async function listedOffset(leader: Leader, { topic, partition }: PartitionOf, timestamp: bigint): Promise<number> {
  const partitions = [{ partitionIndex: partition, currentLeaderEpoch: leader.leaderEpoch, timestamp }];
  const answer = await leader.wire.call(listOffsetsV7.api, -1, readUncommitted, [{ name: topic, partitions }]);
  return Number(answer.topics[0]?.partitions[0]?.offset ?? -1n);
}

interface Fetched {
  readonly errorCode: number;
  readonly bytes: Buffer;
}

function parseFetched(reader: Reader): Fetched {
  reader.readInt32(); // throttle time
  const errorCode = reader.readInt16();
  reader.readInt32(); // session
  if (errorCode !== 0) return { errorCode, bytes: nothing };
  const topics = reader.readArray((reader) => {
    reader.readUUID();
    return reader.readArray(parsePartition);
  });
  const [fetched] = topics.flat();
  if (fetched === undefined) throw new SyncError('INTERNAL', 'an answer to Fetch names no partition');
  return fetched;
}

function parsePartition(reader: Reader): Fetched {
  reader.readInt32(); // partition
  const errorCode = reader.readInt16();
  reader.readInt64(); // high watermark
  reader.readInt64(); // last stable offset
  reader.readInt64(); // log start
  reader.readNullableArray((reader) => [reader.readInt64(), reader.readInt64()]); // aborted transactions
  reader.readInt32(); // preferred read replica
  return { errorCode, bytes: reader.readNullableBytes() ?? nothing };
}
