/**
 * What an operator is told who must change the definition of a table. The bare ALTER TABLE leads further than is meant: a server whose
 * binlog is read has the ALTER in it, and it runs or holds at other targets. Outside of the binlog nobody hears of it; and a change of the
 * table's shape must be on both sides before the next row.
 */
import type { Problem } from './problem.js';

/** Changes of columns and keys that both sides must have; all others concern this server alone. */
const onBothSides: ReadonlySet<string> = new Set([
  'table-no-key',
  'two-way-no-key',
  'conflict-no-key',
  'conflict-key-collation',
  'conflict-version',
  'conflict-version-coarse',
  'conflict-version-manual',
]);

const unlogged = 'SET SESSION sql_log_bin = 0; ';
const why = 'as an administrator, in a session of its own: in the binlog it would be published as a schema change of this server';
const quiet = 'on both sides, while nobody writes to the table and recordsBehind of the pipelines is 0';
const where = 'docs/02-setup.md, A table that must change';

/**
 * The same problem; an ALTER TABLE in what fixes it is offered so that it leads out. @param captured the binlog of the table's server is
 * read
 */
export function withAlterAdvice(found: Problem, captured: boolean): Problem {
  const { id, fix } = found;
  const both = onBothSides.has(id); // of the two, one is a source
  if (!(captured || both) || fix === null || !fix.includes('ALTER TABLE')) return found;
  const at = fix.indexOf('ALTER TABLE');
  const how = both ? `${quiet}; ${why}` : why;
  return { ...found, fix: `${fix.slice(0, at)}${unlogged}${fix.slice(at)} /* ${how} (${where}) */` };
}
