/**
 * Whether the policy of a table can bring both sides to the same end, on these two servers (docs/decisions/0008-conflicts.md): what cannot
 * is refused with its reason, what surprises is told. Pure.
 */
import { isStop, tableName, usesField } from '@lutra/model';
import type { ConflictRule, RuleField } from '@lutra/model';
import { isOfKind } from '@lutra/rows';
import { checkCollations } from './check-collations.js';
import { checkVersion } from './check-version-column.js';
import { keyed, ownKeyed } from './keyed.js';
import { quoteTable } from './literal.js';
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import { columnOf } from './policy-case.js';
import type { PolicyCase } from './policy-case.js';
import type { TargetColumn, TargetTable } from './target-definition.js';

const instead = 'or take the policy "stop" for it';

export function checkConflicts(of: PolicyCase): readonly Problem[] {
  const { rule, to } = of;
  if (isStop(rule)) return of.twoWay ? [...checkStop(of), ...checkCollations(of)] : [];
  return [
    ...checkPrimaryKey(of),
    ...checkUniqueKeys(of),
    ...(of.twoWay ? checkCollations(of) : []),
    ...checkCascades(of),
    ...fields.flatMap((field) => (usesField(rule, field) ? (fieldChecks[field]?.(of) ?? []) : [])),
    ...(of.twoWay ? checkCollisions(to, rule) : []),
  ];
}

/** What a field of the rule asks of the table's columns; null: nothing. */
const fieldChecks: Readonly<Record<RuleField, ((of: PolicyCase) => readonly Problem[]) | null>> = {
  version: checkVersion,
  columns: checkColumns,
  sameColumn: checkSelfSet,
  deletes: null,
};
const fields = Object.keys(fieldChecks) as readonly RuleField[];

/** Both sides' changes of equal rows are not told apart, so they are not found to be in conflict. */
function checkStop({ rule, from, to: given }: PolicyCase): readonly Problem[] {
  const to = keyed(ownKeyed(from), given);
  if (to.primaryKey.length > 0) return [...checkGeneratedKey(to), ...checkCollisions(to, rule)];
  const what = `${tableName(to)} has no primary key: a conflict is noticed only where a row is not there any more; else the sides may differ without a word`;
  return [problem('warning', 'two-way-no-key', what, addKey(to)), ...checkCollisions(to, rule)];
}

function checkGeneratedKey(to: TargetTable): readonly Problem[] {
  const generated = generatedKey(to);
  if (generated === undefined) return [];
  const what = `${tableName(to)}: column ${generated} of the primary key is generated, so its value is not written: two rows that get one key are a conflict that stops the pipeline where the server refuses the second, and is not noticed before`;
  return [problem('warning', 'two-way-generated-key', what, 'make it a column of its own that the application writes')];
}

function generatedKey(to: TargetTable): string | undefined {
  return to.primaryKey.find((name) => columnOf(to, name)?.generated);
}

function addKey(to: TargetTable): string {
  return `ALTER TABLE ${quoteTable(to)} ADD PRIMARY KEY (…)`;
}

function checkPrimaryKey({ rule, to }: PolicyCase): readonly Problem[] {
  if (to.primaryKey.length === 0) {
    const what = `${tableName(to)} has no primary key: policy ${rule.policy} cannot tell its rows apart`;
    return [problem('error', 'conflict-no-key', what, `${addKey(to)}; ${instead}`)];
  }
  const generated = generatedKey(to);
  if (generated === undefined) return [];
  const what = `${tableName(to)}: column ${generated} of the primary key is generated, so its value is not written: policy ${rule.policy} cannot find its rows`;
  return [problem('error', 'conflict-no-key', what, `make it a column of its own; ${instead}`)];
}

/** Who holds the value is asked by the values that are in a row. */
function checkUniqueKeys({ rule, from, to }: PolicyCase): readonly Problem[] {
  const refused = (key: string, why: string): Problem => {
    const what = `${tableName(to)}: unique key ${key} is over ${why}: policy ${rule.policy} cannot know which row holds a value of it`;
    return problem('error', 'conflict-unique-key', what, `put it over whole columns that are written, or drop it; ${instead}`);
  };
  const keys = to.uniqueKeys.flatMap(({ name, columns }) => {
    if (columns.includes('')) return [refused(name, 'an expression')];
    const generated = columns.find((column) => columnOf(to, column)?.generated);
    if (generated !== undefined) return [refused(name, `generated column ${generated}`)];
    const foreign = columns.find((column) => !columnOf(from, column));
    return foreign === undefined ? [] : [refused(name, `column ${foreign}, which the source does not have`)];
  });
  return [...keys, ...to.prefixKeys.map((name) => refused(name, 'the beginning of a column only'))];
}

/** A change that no log shows is none that the other side could be in conflict with. */
function checkCascades({ rule, from, to, sourceLogsCascades, targetLogsCascades, twoWay }: PolicyCase): readonly Problem[] {
  const unseen = [...(targetLogsCascades ? [] : to.cascades), ...(sourceLogsCascades || twoWay ? [] : from.cascades)];
  return [...new Set(unseen)].map((key) => {
    const what = `${tableName(to)}: foreign key ${key} changes child rows by itself (CASCADE or SET NULL), and this server does not log that: policy ${rule.policy} could not see these changes`;
    const fix = `declare it with ON DELETE RESTRICT ON UPDATE RESTRICT on both sides and change children in the application (MySQL 9.7 logs children by default); ${instead}`;
    return problem('error', 'conflict-cascade', what, fix);
  });
}

type Kind = Parameters<typeof isOfKind>[1];
const added: readonly Kind[] = ['whole', 'decimal'];
const ordered: readonly Kind[] = [...added, 'floating', 'clock'];

function checkColumns({ rule, from, to }: PolicyCase): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [name, policy] of Object.entries(rule.columns)) {
    const [wanted, kind] = policy === 'delta' ? [added, 'a whole number or a decimal'] : [ordered, 'a number, a date or a time'];
    const reason = columnReason([columnOf(from, name), columnOf(to, name)], wanted, kind);
    if (reason === null) continue;
    const what = `${tableName(to)}: column ${name} ${reason}: ${policy} cannot merge it`;
    problems.push(problem('error', 'conflict-column', what, `correct columns of the rule, or the column on both sides`));
  }
  return problems;
}

function columnReason(sides: readonly (TargetColumn | undefined)[], wanted: readonly Kind[], kind: string): string | null {
  if (sides.includes(undefined)) return 'is missing';
  if (sides.some((column) => column?.generated)) return 'is generated';
  const other = sides.find((column) => column && !isOfKind(column.type, ...wanted));
  return other ? `is ${other.columnType}, not ${kind}` : null;
}

/** What every change sets is always changed on both sides. */
function checkSelfSet({ rule, to }: PolicyCase): readonly Problem[] {
  const named = new Set([rule.version, ...Object.keys(rule.columns)].map((name) => name?.toLowerCase()));
  const own = to.columns.filter(({ onUpdateTimestamp, name }) => onUpdateTimestamp && !named.has(name.toLowerCase()));
  return own.map(({ name }) => {
    const what = `${tableName(to)}: every change sets ${name} (ON UPDATE CURRENT_TIMESTAMP), so in each conflict both sides changed it, and ${rule.sameColumn} decides about it`;
    return problem('warning', 'conflict-self-set', what, `in the rule: "columns": {"${name}": "max"}`);
  });
}

/** What a table of two writers meets, whatever the policy. */
function checkCollisions(to: TargetTable, rule: ConflictRule): readonly Problem[] {
  const name = tableName(to);
  const stops = 'stops the pipeline (policy stop)';
  const unique = to.uniqueKeys.map((key) => {
    const deletes = isStop(rule) ? stops : `may delete one of the two rows, or undo its change (policy ${rule.policy})`;
    const what = `${name}: unique key ${key.name} (${key.columns.map((column) => column || 'expression').join(', ')}): a value that both sides give to different rows at a time is a conflict, which ${deletes}`;
    return problem('warning', 'two-way-unique-key', what, 'let each region give values of its own, for instance with a prefix');
  });
  const foreign = to.foreignKeys.map((key) => {
    const means = isStop(rule) ? stops : 'takes the child back, or keeps the parent';
    const what = `${name}: foreign key ${key.name}: a row that is inserted here while the other side deletes its parent ${tableName(key.parent)} is a conflict (parent-missing, child-exists), which ${means}`;
    return problem('warning', 'two-way-foreign-key', what, 'mark parents as deleted, and remove them when nobody adds children any more');
  });
  return [...unique, ...foreign];
}
