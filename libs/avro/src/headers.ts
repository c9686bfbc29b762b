/** The Kafka headers of a record ⇄ RecordHeader. Malformed headers are refused: they are the log's identity. */
import { headerNames, newerThanThisBuild, type RecordHeader, recordKinds, skippableKinds, SyncError } from '@lutra/model';
import { malformed } from '@lutra/rows';

export type Headers = Readonly<Record<string, string>>;

export function toHeaders(header: RecordHeader, schema: string): Headers {
  const of = {
    [headerNames.kind]: header.kind,
    [headerNames.log]: header.log,
    [headerNames.seq]: String(header.seq),
    [headerNames.epoch]: String(header.epoch),
    [headerNames.schema]: schema,
  };
  if (header.kind === 'row') return of;
  return {
    ...of,
    [headerNames.control]: header.kind,
    ...(skippableKinds.some((kind) => kind === header.kind) && { [headerNames.skip]: '1' }),
  };
}

/** Headers as fromHeaders() reads them; most are as in the record before but for their number. */
export class HeaderReader {
  #last: { readonly headers: Headers; readonly header: RecordHeader } | null = null;

  read(headers: Headers): RecordHeader {
    const last = this.#last;
    const seq = last && likeThose(headers, last.headers) ? digitsOf(headers[headerNames.seq]) : -1;
    if (last && seq >= 0) {
      const { kind, log, epoch } = last.header;
      return { kind, log, seq, epoch };
    }
    const header = fromHeaders(headers);
    this.#last = { headers, header };
    return header;
  }
}

function likeThose(headers: Headers, last: Headers): boolean {
  const { kind, log, epoch, skip } = headerNames;
  return headers[kind] === last[kind] && headers[log] === last[log] && headers[epoch] === last[epoch] && headers[skip] === last[skip];
}

/** −1: not as this writes them, or too large for this. */
function digitsOf(text: string | undefined): number {
  if (text === undefined || text.length === 0 || text.length > 15) return -1;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** @throws SyncError RECORD_INVALID; LEVEL_TOO_NEW for a kind that is not known and may not be passed by */
export function fromHeaders(headers: Headers): RecordHeader {
  const kind = kindOf(headers);
  const log = text(headers, headerNames.log);
  const seq = wholeNumber(headers, headerNames.seq);
  const epoch = wholeNumber(headers, headerNames.epoch);
  if (kind !== 'epoch' && (log === '' || seq < 0)) throw malformed(`a ${kind} record without log id or seq`);
  if (seq < -1 || epoch < 0) throw malformed('seq or epoch is negative');
  return { kind, log, seq, epoch };
}

function kindOf(headers: Headers): RecordHeader['kind'] {
  const name = kindName(headers);
  const known = recordKinds.find((kind) => kind === name);
  if (known) return known;
  if (headers[headerNames.skip] === '1') return 'unknown';
  throw new SyncError('LEVEL_TOO_NEW', `a record of kind ${JSON.stringify(name.slice(0, 100))}, ${newerThanThisBuild}`);
}

/** As it is written, known or not. */
export function kindName(headers: Headers): string {
  return text(headers, headerNames.kind);
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
