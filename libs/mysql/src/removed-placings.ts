/** What pipelines that were removed have left of files at this server: whoever has their root next takes it over. */
import { quoteText } from './literal.js';
import { through } from './ownership.js';
import { textOf } from './server-facts.js';
import type { ConnectionOptions, Queries } from './session-options.js';

/** Other pipelines that have ever worked in the root. */
export async function othersPlacing(target: ConnectionOptions | Queries, pipeline: string, root: string): Promise<readonly string[]> {
  const sql = `SELECT pipeline FROM lutra.file_place WHERE root = ${quoteText(root)} AND pipeline <> ${quoteText(pipeline)}`;
  return (await through(target, (queries) => queries.query(sql))).map((row) => textOf(row, 'pipeline'));
}

export interface Inheritance {
  readonly from: string;
  readonly to: string;
  readonly root: string;
}

/** Files that are to go are worked off by another pipeline. */
export async function inheritLeaving(target: ConnectionOptions | Queries, { from, to, root }: Inheritance): Promise<void> {
  const of = `pipeline = ${quoteText(from)} AND state IN ('trash', 'remove') AND root = ${quoteText(root)}`;
  await through(target, (queries) => queries.query(`UPDATE lutra.file SET pipeline = ${quoteText(to)} WHERE ${of}`));
}
