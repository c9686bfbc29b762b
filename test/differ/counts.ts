/** How many statements of each kind were sent, and what became of them. */
import type { Log } from '../harness/stack-options.js';

interface Count {
  sent: number;
  refused: number;
  readonly errors: Map<string, number>;
}

export class Counts {
  readonly #kinds = new Map<string, Count>();
  readonly #outcomes = new Map<string, number>();

  add(kind: string, refused: string | undefined): void {
    const count = this.#kinds.get(kind) ?? { sent: 0, refused: 0, errors: new Map<string, number>() };
    this.#kinds.set(kind, count);
    count.sent += 1;
    if (refused === undefined) return;
    count.refused += 1;
    const number = refused.split(' ')[0] ?? '';
    count.errors.set(number, (count.errors.get(number) ?? 0) + 1);
  }

  /** What rounds and DDL statements came to. */
  outcome(name: string, n = 1): void {
    if (n === 0) return;
    this.#outcomes.set(name, (this.#outcomes.get(name) ?? 0) + n);
  }

  of(name: string): number {
    return this.#outcomes.get(name) ?? 0;
  }

  get sent(): number {
    return [...this.#kinds.values()].reduce((sum, { sent }) => sum + sent, 0);
  }

  get refused(): number {
    return [...this.#kinds.values()].reduce((sum, { refused }) => sum + refused, 0);
  }

  print(log: Log): void {
    log(`${'kind of statement'.padEnd(28)}   sent  refused by the source, with`);
    for (const [kind, { sent, refused, errors }] of [...this.#kinds].sort(([a], [b]) => a.localeCompare(b))) {
      const most = [...errors].sort(([, a], [, b]) => b - a).slice(0, 6);
      log(
        `${kind.padEnd(28)} ${String(sent).padStart(6)}   ${String(refused).padStart(6)}  ${most.map(([number, n]) => `${number} ×${n}`).join(', ')}`,
      );
    }
    for (const [name, n] of [...this.#outcomes].sort(([a], [b]) => a.localeCompare(b))) log(`${name}: ${n}`);
  }
}
