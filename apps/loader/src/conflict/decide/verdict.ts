/** Policy and region: what a step makes of its row, and who keeps a unique value. Pure. */
import { needsHome } from '@lutra/model';
import type { Row } from '@lutra/model';
import { samenessOf } from '@lutra/mysql';
import { comparesValues, decide, decideUnique } from './policy.js';
import type { Decision, Side } from './policy.js';
import type { RuleBook } from './rules.js';
import type { Step } from '../resolve/step.js';
import type { ConflictTable } from '../detect/table-book.js';

export class Verdict {
  readonly #rules: RuleBook;

  constructor(rules: RuleBook) {
    this.#rules = rules;
  }

  async decide({ table, before, after, concurrent }: Step, existing: Row | null): Promise<Decision> {
    // Nobody changed the row here: that it differs is left over from an earlier decision. Home's last word on that is on its way, so what
    // comes is taken.
    if (this.isTentative(table) && concurrent.primary === null) return { row: after, winner: 'incoming' };
    const same = await samenessOf(table.plan, comparesValues(table.rule) ? [before, after, existing] : []);
    return decide(table.rule, table.schema, { before, after, existing, home: this.#homeSide }, same);
  }

  /** Does a row that has the unique value keep it? Where home decides later, what comes gets it. */
  keeps({ table }: Step, incoming: Row, existing: Row): boolean {
    if (this.isTentative(table)) return false;
    return decideUnique(table.rule, table.schema, { incoming, existing, home: this.#homeSide }) === 'existing';
  }

  /** Another region has the last word. */
  isTentative({ rule }: ConflictTable): boolean {
    return !this.#rules.targetIsHome && needsHome(rule);
  }

  get #homeSide(): Side | null {
    const { targetIsHome, sourceIsHome } = this.#rules;
    if (targetIsHome) return 'existing';
    return sourceIsHome ? 'incoming' : null;
  }
}
