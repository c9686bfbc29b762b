/** The Kafka headers of a record ⇄ RecordHeader. Malformed headers are refused: they are the log's identity. */
import { headerNames, type RecordHeader, type RecordKind, recordKinds } from '@lutra/model';
import { malformed } from '@lutra/rows';

export type Headers = Readonly<Record<string, string>>;

export function toHeaders(header: RecordHeader, schema: string): Headers {
  return {
    [headerNames.kind]: header.kind,
    [headerNames.log]: header.log,
    [headerNames.seq]: String(header.seq),
    [headerNames.epoch]: String(header.epoch),
    [headerNames.schema]: schema,
    ...(header.kind === 'row' ? {} : { [headerNames.control]: header.kind }),
  };
}

/** @throws SyncError RECORD_INVALID */
export function fromHeaders(headers: Headers): RecordHeader {
  const kind = text(headers, headerNames.kind) as RecordKind;
  if (!recordKinds.includes(kind)) throw malformed(`header ${headerNames.kind} is no kind of record`);
  const log = text(headers, headerNames.log);
  const seq = wholeNumber(headers, headerNames.seq);
  const epoch = wholeNumber(headers, headerNames.epoch);
  if (kind !== 'epoch' && (log === '' || seq < 0)) throw malformed(`a ${kind} record without log id or seq`);
  if (seq < -1 || epoch < 0) throw malformed('seq or epoch is negative');
  return { kind, log, seq, epoch };
}

/** Fingerprint of the schema that the writer used. */
export function schemaHeader(headers: Headers): string {
  return text(headers, headerNames.schema);
}

function text(headers: Headers, name: string): string {
  const value = headers[name];
  if (typeof value !== 'string') throw malformed(`header ${name} is missing`);
  return value;
}

const wholeNumberText = /^-?\d{1,16}$/;

function wholeNumber(headers: Headers, name: string): number {
  const value = text(headers, name);
  const number = Number(value);
  if (!wholeNumberText.test(value) || !Number.isSafeInteger(number)) throw malformed(`header ${name} is no whole number`);
  return number;
}
