/**
 * What a loader's run took the target's tables for. Plans, statements and conflict keys are made from a definition that is read once; a
 * person may change the table at any time. Counter-example: `DROP b, ADD b INT` where b was generated: the statements go on leaving b out,
 * the server takes them, and b stays NULL.
 *
 * So each connection sees, in every transaction, that its tables are still the ones that are remembered here (definition-check.ts); when
 * one is not, the run ends with TARGET_CHANGED, and the next one reads everything anew. docs/02-setup.md, "What is remembered of a server",
 * lists all that is kept and what empties it.
 */
import { SyncError, tableName } from '@lutra/model';
import type { TableName } from '@lutra/model';
import type { TargetTable } from './target-definition.js';

export class TableDefinitions {
  readonly #texts = new Map<string, { readonly name: TableName; readonly text: string }>();

  /** @throws SyncError TARGET_CHANGED if another definition of it was handed out before */
  remember(table: TargetTable): void {
    this.requireSame(table);
    const { database, name } = table;
    this.#texts.set(keyOf(table), { name: { database, name }, text: textOf(table) });
  }

  knows(table: TableName): boolean {
    return this.#texts.has(keyOf(table));
  }

  get tables(): readonly TableName[] {
    return [...this.#texts.values()].map(({ name }) => name);
  }

  /** @throws SyncError TARGET_CHANGED */
  requireSame(table: TargetTable): void {
    const known = this.#texts.get(keyOf(table));
    if (known && known.text !== textOf(table)) throw changed(table);
  }
}

export function changed({ database, name }: TableName): SyncError {
  const message = `${tableName({ database, name })} is not what it was when its definition was read`;
  return new SyncError('TARGET_CHANGED', message, { details: { database, table: name } });
}

function keyOf({ database, name }: TableName): string {
  return `${database}\0${name}`;
}

/** All that is read of it: who reads more needs to change nothing here. */
function textOf(table: TargetTable): string {
  return JSON.stringify({ ...table, cascades: [...table.cascades].sort() });
}
