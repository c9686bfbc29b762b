/**
 * What the docs say that Lutra does not carry: each must be a named stop. At the end of a round, since the round cannot go on behind it.
 * Pure.
 */
import type { Random } from '../harness/random.js';
import type { Step } from './script.js';

/** Made with the other tables, and left alone until then. */
export const hazardTable = 'hazard';
export const createHazard = `CREATE TABLE \`${hazardTable}\` (id INT PRIMARY KEY, j JSON)`;

const hazards: Readonly<Record<string, readonly string[]>> = {
  statement: ["SET SESSION binlog_format = 'STATEMENT'", `INSERT INTO \`${hazardTable}\` (id) VALUES (2)`],
  image: [
    `INSERT INTO \`${hazardTable}\` (id) VALUES (3)`,
    "SET SESSION binlog_row_image = 'MINIMAL'",
    `UPDATE \`${hazardTable}\` SET j = '1' WHERE id = 3`,
  ],
};

export const hazardNames = Object.keys(hazards);

export function hazardOf(random: Random): Step[] {
  const name = random.pick(hazardNames);
  return (hazards[name] ?? []).map((sql) => ({ kind: `hazard ${name}`, session: 'utf8mb4', sql, table: hazardTable }));
}
