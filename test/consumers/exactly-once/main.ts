/**
 * Reads one of Lutra's topics exactly once: whole transactions only, each applied once, whatever is killed when. LUTRA_TOPIC, KAFKA,
 * LUTRA_CONTROL and LUTRA_API_TOKEN say where, LEDGER names the file of its data. What does not fit the log that it knows ends it: going on
 * would lose or double rows.
 */
import { randomUUID } from 'node:crypto';
import { Consumer } from '@platformatic/kafka';
import { type RowEvent, RowDecoder } from '../row-decoder.js';
import { Ledger } from './ledger.js';
import { type Header, Reading } from './log-rule.js';

const { LUTRA_TOPIC: topic = '', KAFKA = '', LUTRA_CONTROL: url = '', LUTRA_API_TOKEN: token = '', LEDGER = '' } = process.env;

const text = (bytes?: Buffer | null): string => bytes?.toString() ?? '';
const decoder = new RowDecoder({ url, token });
const ledger = new Ledger(LEDGER);
const reading = new Reading<string>(ledger.position);
const consumer = new Consumer({
  clientId: 'lutra-ledger',
  // The client wants a group. This one is nobody else's: the position is ours alone, and not Kafka's.
  groupId: `lutra-ledger-${randomUUID()}`,
  bootstrapBrokers: KAFKA.split(','),
  deserializers: { headerKey: text, headerValue: text },
});
const offsets = [{ topic, partition: 0, offset: BigInt(reading.startOffset) }];
// A position that the topic does not have (retention took it, or the topic is another) is an error, not a reason to begin somewhere else.
const stream = await consumer.consume({ topics: [topic], mode: 'manual', offsets, fallbackMode: 'fail', autocommit: false });

for await (const message of stream) {
  const header = headerOf(message);
  const row = header.kind === 'row' && message.value ? rowOf((await decoder.decode(message.value)) as RowEvent) : null;
  const step = reading.take(header, row);
  if (step) ledger.apply(step);
}

function headerOf({ headers, offset }: { headers: ReadonlyMap<string, string>; offset: bigint }): Header {
  const number = (name: string): number => {
    const value = Number(headers.get(name) ?? Number.NaN);
    if (!Number.isSafeInteger(value)) throw new Error(`offset ${offset}: no ${name}; the record is none of Lutra's`);
    return value;
  };
  return {
    kind: headers.get('lutra-kind') ?? '',
    mayBePassed: headers.get('lutra-skip') === '1',
    log: headers.get('lutra-log') ?? '',
    seq: number('lutra-seq'),
    epoch: number('lutra-epoch'),
    offset: Number(offset),
  };
}

function rowOf({ op, before, after, source, transaction }: RowEvent): { change: string; order: number; last: boolean } {
  const change = JSON.stringify({ table: `${source.db}.${source.table}`, op, before, after, transaction: transaction.id }, exact);
  return { change, order: Number(transaction.total_order), last: transaction.last };
}

/** JSON has no word for them: whole numbers of 64 bits as text, bytes in hexadecimal digits. */
function exact(this: Readonly<Record<string, unknown>>, name: string, value: unknown): unknown {
  const original = this[name]; // a Buffer's toJSON has been called on `value`
  if (Buffer.isBuffer(original)) return original.toString('hex');
  return typeof value === 'bigint' ? String(value) : value;
}
