/**
 * Row events of one table on one line each; control records on others. At least once: a crash repeats the records since the last commit.
 */
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, KafkaContext, Payload } from '@nestjs/microservices';
import type { RowEvent } from '../row-decoder.js';
import { topics } from './settings.js';

@Controller()
export class RowsController {
  /** A handler that throws gets the same record again: kafkajs commits only what was handled. */
  @EventPattern(topics)
  take(@Payload() record: object, @Ctx() context: KafkaContext): void {
    const kind = String(context.getMessage().headers?.['lutra-kind']);
    if (kind === 'row') this.#row(record as RowEvent);
    else print({ kind, ...record });
  }

  #row({ op, before, after, source, transaction }: RowEvent): void {
    print({ kind: 'row', table: `${source.db}.${source.table}`, op, before, after, transaction: transaction.id, last: transaction.last });
  }
}

function print(line: object): void {
  console.log(JSON.stringify(line, exact));
}

/** JSON has no word for them: whole numbers of 64 bits as text, bytes in hexadecimal digits. */
function exact(this: Readonly<Record<string, unknown>>, name: string, value: unknown): unknown {
  const original = this[name]; // a Buffer's toJSON has been called on `value`
  if (Buffer.isBuffer(original)) return original.toString('hex');
  return typeof value === 'bigint' ? String(value) : value;
}
