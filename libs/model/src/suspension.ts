/**
 * Tables that cannot be replicated. Where a channel says `onUnsupported: "suspend"`, such a table costs itself and those that foreign keys
 * tie to it: from a position in the log on it is left out, until an operator has brought it back. Only what is the table's own counts (its
 * columns, a value that no column of ours holds, its definition at the target), never a conflict, a lost connection or a right.
 */
import { z } from 'zod';
import type { ChannelDocument, PipelineDocument, UnsupportedPolicy } from './config.js';
import { errorTable } from './error-table.js';
import type { ErrorCode } from './error-table.js';
import { SyncError } from './errors.js';
import type { TableName } from './route.js';

const codeSchema = z.enum(Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]]);

/** Of a cause as it is written; a later version may know more of them. */
export function suspensionCode(code: string): ErrorCode {
  return Object.hasOwn(errorTable, code) ? (code as ErrorCode) : 'TABLE_SUSPENDED';
}

export const suspensionSchema = z.strictObject({
  /** As it is called at the source. */
  database: z.string(),
  name: z.string(),
  code: codeSchema,
  message: z.string(),
  /** From where on: a position in the binlog where capture could not read it, a seq of the log where a target could not take it. */
  where: z.string(),
  /** ms since 1970 */
  at: z.int().min(0),
  /** `schema.table` at the source: suspended because foreign keys of the target tie it to that one. */
  because: z.string().optional(),
});
export type Suspension = Readonly<z.infer<typeof suspensionSchema>>;

/** What capture meets in a table that it cannot read. */
export const unreadable: ReadonlySet<ErrorCode> = new Set(['COLUMN_UNSUPPORTED', 'VALUE_UNSUPPORTED']);
/** What a loader meets in the definition of a table that it cannot write. */
export const unwritable: ReadonlySet<ErrorCode> = new Set(['TABLE_MISSING', 'COLUMN_MISSING', 'ENGINE_UNSUPPORTED', 'TRIGGER_UNGUARDED']);

type Ends = Pick<PipelineDocument, 'source' | 'target'>;

/** Does something that leaves an endpoint come back to it? Conflicts are looked for there. */
export function flowsBothWays(pipelines: readonly Ends[]): boolean {
  return pipelines.some((pipeline) => comesBack(pipeline, pipelines));
}

/** Does something come back of what this pipeline brings? Then both of its sides may change a table. */
export function comesBack({ source, target }: Ends, pipelines: readonly Ends[]): boolean {
  return reachable(target, pipelines).has(source);
}

function reachable(from: string, pipelines: readonly Ends[]): ReadonlySet<string> {
  const reached = new Set([from]);
  for (const endpoint of reached) for (const { source, target } of pipelines) if (source === endpoint) reached.add(target);
  return reached;
}

/** What the channel does. Both ways a table is suspended only where the document says so: bringing it back concerns both sides. */
export function unsupportedPolicy({
  pipelines,
  onUnsupported,
}: Pick<ChannelDocument, 'onUnsupported'> & { readonly pipelines: readonly Ends[] }): UnsupportedPolicy {
  return onUnsupported ?? (flowsBothWays(pipelines) ? 'stop' : 'suspend');
}

/** Tables without those that are there already, by name. */
export function without<T extends TableName>(tables: readonly T[], known: readonly TableName[]): readonly T[] {
  return tables.filter(({ database, name }) => !known.some((one) => one.database === database && one.name === name));
}

/** A refusal of what a table holds, as that table's matter; any other error as it is. */
export function ofTable(error: unknown, { database, name }: TableName): unknown {
  if (!(error instanceof SyncError) || !unreadable.has(error.code)) return error;
  const refused = { table: { database, name, code: error.code } };
  return error.again(error.message, { details: { database, table: name }, refused });
}
