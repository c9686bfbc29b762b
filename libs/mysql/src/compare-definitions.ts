/**
 * Where the definitions of two tables make the target store something else, or refuse, although every value of the source fits
 * (match-tables.ts). Pure: also for a target before and after a DDL. Harmless, and left out: other defaults and ON UPDATE (each column is
 * written), another order of the values of ENUM and SET, AUTO_INCREMENT, partitions, plain indexes, STORED or VIRTUAL, unique keys at the
 * source alone where rows flow one way.
 */
import { isStop, tableName } from '@lutra/model';
import type { ConflictPolicy, TableName } from '@lutra/model';
import { sameCollation } from './collation.js';
import { quoteName, quoteTable } from './literal.js';
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import type { ForeignKey, TargetColumn, TargetTable } from './target-definition.js';

export interface Definitions {
  readonly from: TargetTable;
  readonly to: TargetTable;
  /** Both servers print an expression alike. */
  readonly sameVersion: boolean;
  /** Both are MySQL, or both MariaDB. */
  readonly sameFlavor: boolean;
  readonly twoWay: boolean;
  readonly policy: ConflictPolicy;
  readonly router: (table: TableName) => TableName | null;
}

export function compareDefinitions(of: Definitions): readonly Problem[] {
  const columns = of.to.columns.flatMap((to) => {
    const from = of.from.columns.find((column) => column.name.toLowerCase() === to.name.toLowerCase());
    return from ? compareColumn(of, from, to) : [];
  });
  return [...columns, ...compareUniqueKeys(of), ...compareForeignKeys(of)];
}

function compareColumn(of: Definitions, from: TargetColumn, to: TargetColumn): readonly Problem[] {
  return [
    compareGenerated(of, from, to),
    compareDigits(of, from, to),
    compareNull(of, from, to),
    compareSrid(of, from, to),
    compareCollation(of, from, to),
  ].flat();
}

/** The target computes what is generated there, whatever the source has. */
function compareGenerated(
  { from: source, to: target, sameVersion }: Definitions,
  from: TargetColumn,
  to: TargetColumn,
): readonly Problem[] {
  if (!to.generated || (from.generated && from.expression === to.expression)) return [];
  const name = `${tableName(target)}: column ${to.name}`;
  const redo = `ALTER TABLE ${quoteTable(target)} DROP COLUMN ${quoteName(to.name)}, ADD COLUMN ${asAtSource(source, to.name)}`;
  if (!from.generated) {
    const what = `${name} is generated, and ${tableName(source)} has an ordinary column: the target computes its value and drops the source's`;
    return [problem('error', 'generated-differs', what, `${redo}; then copy its values from the source`)];
  }
  const both = `${name} is generated as ${to.expression}, at the source as ${from.expression}`;
  if (sameVersion) return [problem('error', 'generated-differs', `${both}: the same row has another value there`, redo)];
  if (plainText(from) === plainText(to)) return [];
  const what = `${both}: servers of other versions print an expression in other words, so only an operator can tell whether both mean the same`;
  return [problem('warning', 'generated-text', what, 'compare the two, and the values of some rows, once')];
}

/** Without what MySQL adds and MariaDB leaves out around the whole: character sets of texts, escapes, one pair of brackets. */
function plainText({ expression }: TargetColumn): string {
  const text = expression?.replaceAll(/_utf8mb[34](?=\\?')/g, '').replaceAll("\\'", "'") ?? '';
  return /^\([^()]*\)$/.test(text) ? text.slice(1, -1) : text;
}

/** FLOAT(10,2) rounds without an error, and digits are not in the binlog. */
function compareDigits(of: Definitions, from: TargetColumn, to: TargetColumn): readonly Problem[] {
  if ((to.type !== 'float' && to.type !== 'double') || to.generated) return [];
  const digits = ({ columnType }: TargetColumn): string | null => /\(\d+,\d+\)/.exec(columnType)?.[0] ?? null;
  if (digits(to) === null || digits(to) === digits(from)) return [];
  const what = `${tableName(of.to)}: column ${to.name} is ${to.columnType}, at the source ${from.columnType}: values are rounded to ${digits(to)} without an error`;
  const fix = `${redefine(of, to.name)}; then copy its values from the source`;
  return [problem('error', 'digits-differ', what, fix)];
}

function compareNull(of: Definitions, from: TargetColumn, to: TargetColumn): readonly Problem[] {
  if (!from.nullable || to.nullable || to.generated) return [];
  const what = `${tableName(of.to)}: column ${to.name} is NOT NULL, and the source's allows NULL: the first row with NULL stops the pipeline`;
  return [problem('error', 'null-differs', what, redefine(of, to.name))];
}

/** A geometry column may be restricted to one SRID. The binlog does not say so of the source's. */
function compareSrid(of: Definitions, from: TargetColumn, to: TargetColumn): readonly Problem[] {
  if (to.srid === null || to.srid === from.srid || to.generated) return [];
  const what = `${tableName(of.to)}: column ${to.name} takes SRID ${to.srid} alone, and the source's takes ${from.srid ?? 'any'}: the first geometry of another one stops the pipeline`;
  return [problem('error', 'srid-differs', what, redefine(of, to.name))];
}

/** Where rows flow both ways, check-collations.ts says it. */
function compareCollation({ to: target, twoWay, sameFlavor }: Definitions, from: TargetColumn, to: TargetColumn): readonly Problem[] {
  if (twoWay || from.collation === null || to.collation === null || sameCollation(from.collation, to.collation, { sameFlavor })) return [];
  const keys = [{ name: 'PRIMARY', columns: target.primaryKey }, ...target.uniqueKeys];
  const key = keys.find(({ columns }) => columns.some((column) => column.toLowerCase() === to.name.toLowerCase()));
  if (!key) return [];
  const what = `${tableName(target)}: key ${key.name}: column ${to.name} has collation ${to.collation}, at the source ${from.collation}: two rows of the source may have one key here, which stops the pipeline`;
  const collate = `${from.columnType} CHARACTER SET ${from.charset} COLLATE ${from.collation}${from.nullable ? '' : ' NOT NULL'}`;
  const fix = `ALTER TABLE ${quoteTable(target)} MODIFY COLUMN ${quoteName(to.name)} ${collate} … and what else belongs to the column`;
  return [problem('warning', 'key-collation', what, fix)];
}

/** With all that belongs to the definition of a column, or a MODIFY would take it away. */
function redefine({ from, to }: Definitions, name: string): string {
  return `ALTER TABLE ${quoteTable(to)} MODIFY COLUMN ${asAtSource(from, name)}`;
}

function asAtSource(source: TargetTable, name: string): string {
  return `… as SHOW CREATE TABLE ${quoteTable(source)} has ${quoteName(name)} at the source`;
}

interface Key {
  readonly name: string;
  readonly columns: readonly string[];
}

/** A key that the source has not refuses rows that the source has; a policy then takes one of them away, on this side alone. */
function compareUniqueKeys({ from, to, twoWay, policy }: Definitions): readonly Problem[] {
  const shape = ({ name, columns }: Key, { prefixKeys }: TargetTable): readonly string[] =>
    columns.map((column) => `${column.toLowerCase()}${prefixKeys.includes(name) ? ' prefix' : ''}`);
  const have = [{ name: 'PRIMARY', columns: from.primaryKey }, ...from.uniqueKeys]
    .filter(({ columns }) => columns.length > 0)
    .map((key) => shape(key, from));
  const extra = to.uniqueKeys.filter((key) => {
    const columns = new Set(shape(key, to));
    return !have.some((other) => other.every((column) => columns.has(column)));
  });
  const decides = !isStop({ policy });
  return extra.map(({ name, columns }) => {
    const key = `${tableName(to)} has unique key ${name} (${columns.map((column) => column || 'expression').join(', ')}), which ${tableName(from)} lacks`;
    const what = decides
      ? `${key}: two rows of the source that share a value do not both fit, and policy ${policy} takes one away at this side alone`
      : `${key}: the first row of the source that repeats a value stops the pipeline`;
    const fix = `ALTER TABLE ${quoteTable(to)} DROP INDEX ${quoteName(name)}${twoWay ? ', or declare it on both sides' : ''}`;
    return problem(decides ? 'error' : 'warning', 'unique-key-extra', what, fix);
  });
}

/** Which children a key changes is the source's to say. */
function compareForeignKeys({ from, to, router }: Definitions): readonly Problem[] {
  const shape = ({ columns, parentColumns }: ForeignKey, parent: TableName): string =>
    [columns.join(), tableName(parent), parentColumns.join()].join(' ').toLowerCase();
  const have = new Set(from.foreignKeys.map((key) => shape(key, router(key.parent) ?? key.parent)));
  return to.foreignKeys
    .filter((key) => !have.has(shape(key, key.parent)))
    .map((key) => {
      const acts = ![key.onDelete, key.onUpdate].every((rule) => rule === 'RESTRICT' || rule === 'NO ACTION');
      const name = `${tableName(to)} has foreign key ${key.name} (ON DELETE ${key.onDelete}, ON UPDATE ${key.onUpdate}), which ${tableName(from)} lacks`;
      const what = acts
        ? `${name}: it changes children here that stay as they are at the source`
        : `${name}: a row that it refuses stops the pipeline`;
      const fix = `ALTER TABLE ${quoteTable(to)} DROP FOREIGN KEY ${quoteName(key.name)}`;
      return problem(acts ? 'error' : 'warning', 'foreign-key-extra', what, fix);
    });
}
