/** Side a's topic as a gauge of capture: its end offset, and where exactly rows lie between the control records. */
import { BusAdmin, readRange } from '@lutra/bus';
import { headerNames, rowsTopic } from '@lutra/model';
import { createLogger } from '@lutra/telemetry';
import type { Stack } from '../harness/index.js';

export interface RowOffsets {
  readonly rows: number;
  readonly first: number;
  readonly last: number;
}

export class RowsTopic {
  readonly #topic: string;
  readonly #bus;
  readonly #admin: BusAdmin;

  constructor(stack: Stack) {
    this.#topic = rowsTopic(stack.endpoints.a);
    this.#bus = { brokers: stack.kafka.bootstrap.split(','), clientId: 'lutra-bench', logger: createLogger('bench', 'silent') };
    this.#admin = new BusAdmin(this.#bus);
  }

  /** All records before it are acknowledged. */
  async end(): Promise<number> {
    return (await this.#admin.offsets(this.#topic)).end;
  }

  async rowsBetween(from: number, to: number): Promise<RowOffsets> {
    let [rows, first, last] = [0, -1, -1];
    for await (const batch of readRange({ ...this.#bus, topic: this.#topic, from, to, signal: AbortSignal.timeout(300_000) })) {
      for (const { offset, headers } of batch) {
        if (headers[headerNames.kind] !== 'row') continue;
        if (rows === 0) first = offset;
        rows += 1;
        last = offset;
      }
    }
    return { rows, first, last };
  }

  async close(): Promise<void> {
    await this.#admin.close();
  }
}
