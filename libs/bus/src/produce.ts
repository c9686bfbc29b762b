/**
 * The Produce request for one batch of one partition. From version 13 it names the topic by its id: a topic that was deleted and created
 * again refuses the batch. Before (Kafka < 4.1) it goes by name. https://kafka.apache.org/protocol#The_Messages_Produce
 */
import { Writer } from '@platformatic/kafka';
import type { Reader } from '@platformatic/kafka';
import { SyncError } from '@lutra/model';
import { protocolError, protocolErrorId } from './kafka-error.js';
import type { OwnRequest, Wire } from './wire.js';

const allReplicas = -1;
const byId = 13;
const produce = { name: 'Produce', key: 0, least: 9, wanted: byId } as const;

export interface ProduceTarget {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
}

/**
 * Resolves to the offset of the batch's first record, once all in-sync replicas have it.
 * @param waitMs how long the broker waits for its replicas
 */
export async function produceBatch(wire: Wire, target: ProduceTarget, batch: Buffer, waitMs: number): Promise<number> {
  const what = `publish to ${target.topic}/${target.partition}`;
  const { errorCode, baseOffset, message } = await wire.send(produceRequest(wire.version(produce), target, batch, waitMs));
  const error = protocolErrorId(errorCode);
  const cause = message === null ? undefined : { serverErrorMessage: message };
  if (error !== undefined) {
    const details = { topic: target.topic, partition: target.partition };
    throw protocolError(error, what, { cause, details, api: produce.key });
  }
  if (baseOffset < 0n) throw new SyncError('INTERNAL', `${what}: acknowledged without an offset`);
  return Number(baseOffset);
}

interface Produced {
  readonly errorCode: number;
  readonly baseOffset: bigint;
  readonly message: string | null;
}

function produceRequest(version: number, target: ProduceTarget, batch: Buffer, waitMs: number): OwnRequest<Produced> {
  const payload = Writer.create().appendString(null).appendInt16(allReplicas).appendInt32(waitMs);
  payload.appendArray([target], (writer) => {
    if (version >= byId) writer.appendUUID(target.topicId);
    else writer.appendString(target.topic);
    writer.appendArray([target.partition], (writer, partition) => writer.appendInt32(partition).appendBytes(batch));
  });
  payload.appendTaggedFields();
  return { key: produce.key, version, payload, parse: (reader) => parseProduced(reader, version) };
}

function parseProduced(reader: Reader, version: number): Produced {
  const topics = reader.readArray((reader) => {
    if (version >= byId) reader.readUUID();
    else reader.readString();
    return reader.readArray(parsePartition);
  });
  const [produced] = topics.flat();
  if (produced === undefined) throw new SyncError('INTERNAL', 'an answer to Produce names no partition');
  return produced;
}

function parsePartition(reader: Reader): Produced {
  reader.readInt32(); // partition
  const errorCode = reader.readInt16();
  const baseOffset = reader.readInt64();
  reader.readInt64(); // log append time
  reader.readInt64(); // log start
  const recordErrors = reader.readArray((reader) => ({ index: reader.readInt32(), message: reader.readNullableString() }));
  const message = reader.readNullableString() ?? recordErrors[0]?.message ?? null;
  return { errorCode, baseOffset, message };
}
