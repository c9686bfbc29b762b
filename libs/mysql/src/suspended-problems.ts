/** What is no error where the channel suspends a table that cannot be replicated. */
import { tableName } from '@lutra/model';
import type { TableName } from '@lutra/model';
import type { Problem } from './problem.js';

/** What costs a table itself, at its source and at its target: its columns, its definition. Not what would be wrong without a word. */
const costs = {
  source: new Set(['table-column-type']),
  target: new Set(['table-missing', 'table-differs', 'table-engine', 'trigger-unguarded']),
};

/** @param source as the table is called there */
export function suspended(side: keyof typeof costs, source: TableName, problems: readonly Problem[]): readonly Problem[] {
  return problems.map((found) => {
    if (found.severity !== 'error' || !costs[side].has(found.id)) return found;
    const what = `${found.what}; the channel suspends ${tableName(source)} at its first change, with what foreign keys tie to it: none of its rows will arrive from there on`;
    return { ...found, severity: 'warning', what };
  });
}
