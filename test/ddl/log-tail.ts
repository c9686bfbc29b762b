/** The valid records of a topic as they come, by the rule that every reader follows: rows once their transaction is whole. */
import { setTimeout as sleep } from 'node:timers/promises';
import { RecordDecoder } from '@lutra/avro';
import { BusAdmin, type BusOptions, readRange } from '@lutra/bus';
import { admit, type DdlRecord, freshLog, type LogRecord, type LogState, type RowEvent } from '@lutra/model';
import { Registry } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import type { Stack } from '../harness/index.js';

export type Logged = { readonly seq: number } & (
  | { readonly kind: 'row'; readonly event: RowEvent }
  | { readonly kind: 'ddl'; readonly record: DdlRecord }
);

const pollMs = 50;

export class LogTail {
  readonly #topic: string;
  readonly #bus: BusOptions;
  readonly #registry: Registry;
  readonly #admin: BusAdmin;
  readonly #decoder: RecordDecoder;
  #state: LogState = freshLog;
  #next = 0;
  #open: Logged[] = [];

  private constructor(topic: string, bus: BusOptions, registry: Registry) {
    this.#topic = topic;
    this.#bus = bus;
    this.#registry = registry;
    this.#admin = new BusAdmin(bus);
    this.#decoder = new RecordDecoder({ ids: registry.schemas });
  }

  static async open(stack: Stack, topic: string): Promise<LogTail> {
    const logger = createLogger('topic', 'silent');
    const registry = new Registry({ connect: stack.zooKeeper.connect, root: stack.root, digest: stack.digest, logger });
    await registry.start(AbortSignal.timeout(30_000));
    return new LogTail(topic, { brokers: stack.kafka.bootstrap.split(','), clientId: 'lutra-scenarios', logger }, registry);
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#registry.stop(), this.#admin.close()]);
  }

  /** From where the last call ended, up to the first record that is the last one. @throws after the bound */
  async readUntil(isLast: (logged: Logged) => boolean, boundMs = 60_000): Promise<readonly Logged[]> {
    const found: Logged[] = [];
    for (const deadline = Date.now() + boundMs; Date.now() < deadline; await sleep(pollMs)) {
      found.push(...(await this.readOn()));
      if (found.some(isLast)) return found;
    }
    throw new Error(`${this.#topic}: the last record is not there after ${boundMs / 1000} s; ${found.length} records came`);
  }

  /** What has come since the last call. */
  async readOn(): Promise<readonly Logged[]> {
    const { start, end } = await this.#admin.offsets(this.#topic);
    const from = Math.max(this.#next, start);
    if (end <= from) return [];
    const found: Logged[] = [];
    for await (const batch of readRange({ ...this.#bus, topic: this.#topic, from, to: end, signal: AbortSignal.timeout(120_000) }))
      for (const raw of batch) found.push(...this.#take(await this.#decoder.decode(raw)));
    this.#next = end;
    return found;
  }

  #take({ header, offset, body }: LogRecord): readonly Logged[] {
    const { verdict, state } = admit(this.#state, header, offset);
    this.#state = state;
    if (verdict === 'epoch') this.#open = [];
    if (verdict !== 'valid' && verdict !== 'anew') return [];
    if (body.kind === 'ddl') return [{ kind: 'ddl', seq: header.seq, record: body }];
    if (body.kind !== 'row') return [];
    this.#open.push({ kind: 'row', seq: header.seq, event: body.event });
    return body.event.transaction.last ? this.#open.splice(0) : [];
  }
}
