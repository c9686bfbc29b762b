/**
 * Whether both sides take the same texts of a key for one value. Where they do not, one of them cannot hold what the other does, and two
 * regions would differ without a word. Pure.
 */
import { sameCollation } from './collation.js';
import { quoteName, quoteTable } from './literal.js';
import { columnOf } from './policy-case.js';
import type { PolicyCase } from './policy-case.js';
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import type { TargetColumn } from './target-definition.js';
import { isStop, tableName } from '@lutra/model';

/** MySQL 5.6 and later have it, and MariaDB. */
const offered = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci';

/** Of tables whose changes are replicated back. */
export function checkCollations(of: PolicyCase): readonly Problem[] {
  const { to } = of;
  const keys = [{ name: 'PRIMARY', columns: to.primaryKey }, ...to.uniqueKeys];
  return keys.flatMap(({ name, columns }) =>
    columns.flatMap((column) => {
      const keyed = columnOf(to, column);
      const why = keyed ? reasonOf(of, keyed) : null;
      return keyed && why !== null ? [told(of, `key ${name}: column ${keyed.name} ${why}`, keyed)] : [];
    }),
  );
}

function reasonOf({ from, sameFlavor }: PolicyCase, { name, collation }: TargetColumn): string | null {
  if (collation === null) return null;
  const other = columnOf(from, name)?.collation ?? collation;
  if (sameCollation(collation, other, { sameFlavor })) return null;
  const there = collation === other ? 'of the same name of another server' : other;
  return `has collation ${collation}, at the source ${there}: they do not take the same for one value`;
}

function told({ rule, to }: PolicyCase, what: string, { name, columnType, nullable }: TargetColumn): Problem {
  const stop = isStop(rule);
  const then = stop ? 'a conflict may be missed, and the sides differ without a word' : `policy ${rule.policy} could miss a conflict`;
  const alter = `ALTER TABLE ${quoteTable(to)} MODIFY ${quoteName(name)} ${columnType} ${offered}${nullable ? '' : ' NOT NULL'} …`;
  const fix = `${alter}, on both sides${stop ? '' : '; or take the policy "stop" for it'}`;
  return problem(stop ? 'warning' : 'error', 'conflict-key-collation', `${tableName(to)}: ${what}: ${then}`, fix);
}
