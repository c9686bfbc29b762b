/**
 * Confluent's wire format (a zero byte, the schema id in four bytes, big-endian, the body), and what the codec needs of a registry.
 *
 * Subjects follow Confluent's TopicRecordNameStrategy, `<topic>-<full record name>`: one topic carries many tables, and each table's
 * versions are a subject of their own.
 */
import type { ByteWriter } from '@lutra/bytes';
import { SyncError } from '@lutra/model';
import { malformed } from '@lutra/rows';

/** What the codec needs of a schema registry. */
export interface SchemaIds {
  register(subject: string, schemaJson: string): Promise<number>;
  byId(id: number): Promise<string | null>;
}

const magic = 0;
/** Bytes before the body. */
export const prefixBytes = 5;

export function subjectOf(topic: string, schemaJson: string): string {
  const { namespace, name } = JSON.parse(schemaJson) as { namespace: string; name: string };
  return `${topic}-${namespace}.${name}`;
}

export function writePrefix(writer: ByteWriter, id: number): void {
  writer.byte(magic);
  writer.uint32BE(id);
}

/** @throws SyncError RECORD_INVALID */
export function schemaIdOf(value: Buffer): number {
  if (value.length < prefixBytes || value[0] !== magic) throw malformed("the value has not Confluent's wire format");
  return value.readUInt32BE(1);
}

export function checkedId(id: number, subject: string): number {
  if (Number.isInteger(id) && id >= 0 && id <= 0xffff_ffff) return id;
  throw new SyncError('INTERNAL', `the schema registry gave an id for ${subject} that does not fit four bytes`);
}
