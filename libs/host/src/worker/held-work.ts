/** What of this process holds at a schema change, for /health/ready: it is no reason to send it no work. */
import type { WorkStatus } from '@lutra/model';
import type { StatusSink } from '@lutra/runtime';

export class HeldWork implements StatusSink {
  readonly #sink: StatusSink;
  /** By name: the reason. */
  readonly #held = new Map<string, string>();

  /** Behind it the statuses go on to `sink`. */
  constructor(sink: StatusSink) {
    this.#sink = sink;
  }

  publish(status: WorkStatus): void {
    const { name, state, hold } = status;
    if (state === 'held' && hold) this.#held.set(name, `${hold.statement} (${hold.reason})`);
    else this.#held.delete(name);
    this.#sink.publish(status);
  }

  clear(app: WorkStatus['app'], name: string, instance: string): Promise<void> {
    this.#held.delete(name);
    return this.#sink.clear(app, name, instance);
  }

  /** null: nothing does. */
  get text(): string | null {
    if (this.#held.size === 0) return null;
    const all = [...this.#held].map(([name, why]) => `${name} at ${why}`);
    return `DDL_HELD: ${all.join(', ')}; GET …/ddl of the pipeline says what to do`;
  }
}
