/**
 * Rules that name a table which the source does not have: most often a slip, after which another rule, or none, decides about the table
 * that was meant. Pure. Only of a table spelled out that the pipeline would bring under this name is it known that nobody brings it.
 */
import { tableName } from '@lutra/model';
import type { ConflictRule, Router, TableName } from '@lutra/model';
import { problem } from './problem.js';
import type { Problem } from './problem.js';

/** @param names at the target, of the tables that the source has */
export function rulesWithoutTable(rules: readonly ConflictRule[], router: Router, names: readonly TableName[]): readonly Problem[] {
  const known = new Set(names.map(tableName));
  return rules
    .map(({ schema, table }) => ({ database: schema, name: table }))
    .filter((wanted) => !/[*?]/.test(tableName(wanted)) && !known.has(tableName(wanted)) && isBrought(wanted, router))
    .map((wanted) => {
      const what = `conflicts.rules name ${tableName(wanted)}, which the source does not have, or its user may not see`;
      const fix = `correct the name in the rule; leave it for a table that is still to come`;
      return problem('warning', 'rule-table-missing', what, fix);
    });
}

function isBrought(wanted: TableName, router: Router): boolean {
  const target = router(wanted);
  return target !== null && tableName(target) === tableName(wanted);
}
