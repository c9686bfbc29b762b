/** What the tests ask of a tool that changes a table online: the tool itself (real.ts), or what it does to a server, played (play.ts). */
import type { MysqlServer } from '../../servers/index.js';

/**
 * usual: the old table is dropped in the end · keep-old: it stays · no-swap: pt-online-schema-change ends with its shadow beside the
 * table · two-step: gh-ost renames twice · revertible: gh-ost notes where it has been, and the old table stays · revert: gh-ost puts the
 * old table back, with what was written since
 */
export type Variant = 'usual' | 'keep-old' | 'no-swap' | 'two-step' | 'revertible' | 'revert';

export interface OnlineChange {
  readonly server: MysqlServer;
  readonly database: string;
  readonly table: string;
  /** What would follow `ALTER TABLE t`; a revert does without. */
  readonly alter: string;
  readonly variant?: Variant;
}

/** A change under way, with its rows copied. Whoever began it finishes it or ends it. */
export interface RunningChange {
  /** Swaps the tables and cleans up. */
  finish(): Promise<void>;
  /** Where it stands. What it has made stays. */
  end(): Promise<void>;
}

export interface OnlineTool {
  readonly name: 'gh-ost' | 'pt-osc';
  /** Name of the table in which it builds the new one. */
  shadowOf(table: string): string;
  /** What the table was before. */
  oldOf(table: string): string;
  /** Resolves when the rows are copied, and it waits with its cut-over. */
  begin(change: OnlineChange): Promise<RunningChange>;
}

export const names: Readonly<Record<OnlineTool['name'], Pick<OnlineTool, 'name' | 'shadowOf' | 'oldOf'>>> = {
  'gh-ost': { name: 'gh-ost', shadowOf: (table) => `_${table}_gho`, oldOf: (table) => `_${table}_del` },
  'pt-osc': { name: 'pt-osc', shadowOf: (table) => `_${table}_new`, oldOf: (table) => `_${table}_old` },
};

export async function changeOnline(tool: OnlineTool, change: OnlineChange): Promise<void> {
  const running = await tool.begin(change);
  await running.finish().finally(() => running.end());
}
