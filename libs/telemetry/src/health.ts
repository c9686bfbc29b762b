/**
 * Whether a process lives (else restart it) and is ready (else send it no work), with the reasons. Asks at the moment of the
 * question; remembers nothing but what cannot be undone. A lost ZooKeeper or database is never a reason to restart a process.
 */

export interface HealthReport {
  readonly ok: boolean;
  readonly reasons: readonly string[];
}

/** Why not, in a few words; null when all is well. Must be quick and must not throw. */
export type ReadyCheck = () => string | null;

export class Health {
  readonly #checks = new Map<string, ReadyCheck>();
  readonly #notes = new Map<string, ReadyCheck>();
  readonly #fatal: string[] = [];

  /** Adds or replaces a condition of readiness. */
  watch(name: string, check: ReadyCheck): void {
    this.#checks.set(name, check);
  }

  /** Adds or replaces what is told among the reasons and does not make the process unready. */
  note(name: string, check: ReadyCheck): void {
    this.#notes.set(name, check);
  }

  /** The process cannot go on: not live from now on. */
  fail(reason: string): void {
    this.#fatal.push(reason);
  }

  live(): HealthReport {
    return { ok: this.#fatal.length === 0, reasons: [...this.#fatal] };
  }

  ready(): HealthReport {
    const reasons = [...this.#fatal, ...told(this.#checks)];
    return { ok: reasons.length === 0, reasons: [...reasons, ...told(this.#notes)] };
  }
}

function told(checks: ReadonlyMap<string, ReadyCheck>): readonly string[] {
  return [...checks].flatMap(([name, check]) => {
    const reason = check();
    return reason === null ? [] : [`${name}: ${reason}`];
  });
}
