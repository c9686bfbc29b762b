/** What the generators know of a table, and its CREATE TABLE. Pure. */
import type { KindName } from './column-kinds.js';

export interface Column {
  readonly name: string;
  readonly kind: KindName;
  /** `VARCHAR(40) CHARACTER SET latin1` */
  readonly type: string;
  readonly nullable: boolean;
  /** `DEFAULT 7`, `AUTO_INCREMENT`, `ON UPDATE …`. */
  readonly more?: string;
  readonly generated?: { readonly expression: string; readonly stored: boolean };
  readonly invisible?: boolean;
}

export interface Index {
  readonly name: string;
  readonly kind: 'primary' | 'unique' | 'plain';
  /** As they stand between the brackets: a name, a name with a length, or an expression in brackets. */
  readonly parts: readonly string[];
  /** Columns that it is over, or that its expressions read. */
  readonly columns: readonly string[];
}

export interface Reference {
  readonly name: string;
  readonly column: string;
  readonly parent: string;
  readonly parentColumn: string;
  readonly actions: string;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly indexes: readonly Index[];
  readonly checks: readonly string[];
  readonly references: readonly Reference[];
  /** `PARTITION BY …`, or nothing. */
  readonly partitions: string;
}

export function quoted(name: string): string {
  return `\`${name}\``;
}

export function columnText({ name, type, nullable, more, generated, invisible }: Column): string {
  const made = generated ? ` AS (${generated.expression}) ${generated.stored ? 'STORED' : 'VIRTUAL'}` : '';
  return `${quoted(name)} ${type}${made}${nullable ? ' NULL' : ' NOT NULL'}${more ? ` ${more}` : ''}${invisible ? ' INVISIBLE' : ''}`;
}

export function indexText({ name, kind, parts }: Index): string {
  const words = { primary: 'PRIMARY KEY', unique: `UNIQUE KEY ${quoted(name)}`, plain: `KEY ${quoted(name)}` };
  return `${words[kind]} (${parts.join(', ')})`;
}

export function referenceText({ name, column, parent, parentColumn, actions }: Reference): string {
  return `CONSTRAINT ${quoted(name)} FOREIGN KEY (${quoted(column)}) REFERENCES ${quoted(parent)} (${quoted(parentColumn)})${actions}`;
}

export function createTable(table: Table): string {
  const parts = [
    ...table.columns.map(columnText),
    ...table.indexes.map(indexText),
    ...table.checks.map((check) => `CHECK (${check})`),
    ...table.references.map(referenceText),
  ];
  return `CREATE TABLE ${quoted(table.name)} (${parts.join(', ')}) ENGINE=InnoDB${table.partitions ? ` ${table.partitions}` : ''}`;
}

export function keyOf(table: Table): readonly Column[] {
  const key = table.indexes.find(({ kind }) => kind === 'primary');
  return key ? table.columns.filter(({ name }) => key.columns.includes(name)) : [];
}

export function writable(table: Table): readonly Column[] {
  return table.columns.filter(({ generated }) => !generated);
}
