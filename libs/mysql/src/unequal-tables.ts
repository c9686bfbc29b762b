/**
 * Tables of the target that nobody knows to be as at the source: they are being seeded, repaired, or the log has a hole. Queries for
 * ApplyConnection.within(), asked where a row is not as it must be, and only there.
 */
import type { TableName } from '@lutra/model';
import { quoteText } from './literal.js';

/** Which of the two are there: an older lutra.sql has neither, or lacks lutra.unequal. Column `name`. */
export const unequalStoresQuery =
  "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'lutra' AND TABLE_NAME IN ('seed', 'unequal')";

/**
 * `seeding`: pipelines that are seeding the table. `leaving`: those that have left out rows of it which are not here yet. Counter-example
 * without these: a row is a clash, the table is done, the row's next update finds it missing, and home lets it go.
 */
export function beingSeededQuery({ database, name }: TableName): string {
  const where = `s.target_database = ${quoteText(database)} AND s.target_table = ${quoteText(name)}`;
  const ofTable = 'd.pipeline = s.pipeline AND d.request = s.request AND d.database_name = s.database_name AND d.table_name = s.table_name';
  const leftOut = `EXISTS (SELECT 1 FROM lutra.difference AS d WHERE ${ofTable} AND d.outcome IN ('clash', 'again'))`;
  const counts = [`SUM(s.state = 'seeding') AS seeding`, `SUM(${leftOut}) AS leaving`];
  return `SELECT ${counts.join(', ')} FROM lutra.seed AS s WHERE ${where} AND s.state IN ('seeding', 'done')`;
}

/** Entries that last. `ours`: of this pipeline's table; the others tell of what other pipelines may bring. */
export function unequalQuery(target: TableName, { pipeline, table }: { readonly pipeline: string; readonly table: TableName }): string {
  const [uid, database, name] = [pipeline, table.database, table.name].map(quoteText);
  const ours = `pipeline = ${uid} AND database_name = ${database} AND table_name = ${name}`;
  const where = `target_database = ${quoteText(target.database)} AND target_table = ${quoteText(target.name)}`;
  return `SELECT ${ours} AS ours, cause, request, reason FROM lutra.unequal WHERE ${where} AND ended_at IS NULL`;
}

/** A pipeline is gone. What lasts of it would last for ever, for others that write the same tables and for the capture of this server. */
export function leftStatements(pipeline: string): readonly string[] {
  const of = `ended_at = CURRENT_TIMESTAMP(3) WHERE pipeline = ${quoteText(pipeline)}`;
  return [
    `UPDATE lutra.unequal SET ${of} AND ended_at IS NULL`,
    `UPDATE lutra.seed SET state = 'cancelled', ${of} AND state IN ('seeding', 'waiting')`,
  ];
}
