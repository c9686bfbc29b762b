/**
 * Makes docs/types.md from the matrix of types. usage: npx tsx scripts/types-doc.ts. A unit test sees to it that the file is up to date.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { supportedCharsets } from '@lutra/model';
import { matrix } from '../test/types/matrix.js';
import type { MatrixRow, Verdict } from '../test/types/matrix.js';

export const typesFile = fileURLToPath(new URL('../docs/types.md', import.meta.url));

const head = `<!-- made by scripts/types-doc.ts from test/types/matrix.ts: change it there -->

# Column types

This page says for each column type and server whether Lutra replicates it, and how it arrives in the topic. Example: a \`BIGINT UNSIGNED\` is replicated from all three servers and arrives as \`bytes, decimal(20,0)\`.

Each column of a routed table is replicated to the byte, or the check before the start refuses it (\`table-column-type\`, which names the column and why). No type is first noticed at a row. The test of this table writes edge
values and random values of each type to MySQL 8.0, MySQL 9.7 and MariaDB 11.4, sends them through the binlog, Avro and the loader's statements, and compares what both sides store.
[Section 6 of 05-consumers](05-consumers.md#6-how-values-arrive) has more for consumers.

| type | in the topic | MySQL 8.0 | MySQL 9.7 | MariaDB as the source | mind |
|---|---|---|---|---|---|
`;

const verdicts: Readonly<Record<Verdict, string>> = { replicated: 'yes', refused: '**refused**', none: '–' };

const foot = `
Also replicated, for each type: generated columns (the target computes its own value; consumers get the source's), invisible columns and generated invisible primary keys, columns without a default, NULL, and keys over all of
these. A table without primary key is replicated. If it has a UNIQUE key over NOT NULL columns, the binlog names that one as the key, and rows are found by it.

An index over an expression is refused on MySQL 8.0.13 to 8.0.15: its hidden column is missing in their binlog.

## Character sets

Text, ENUM and SET columns of these character sets, in any collation: ${supportedCharsets.map((charset) => `\`${charset}\``).join(', ')}. All others are refused.

A definition shows \`?\` for a character beyond the first plane of Unicode (😀). So Lutra asks the server for the ENUM and SET members with such characters in another way. MySQL 8.0.15 does not tell them. There Lutra identifies
such a member by the source's list: two lists that differ only in such members pass the check, and the target then refuses a value that it does not have. If something is computed from the rows of the table, or the collation may
take two of these members for one, the check refuses the list (\`table-differs\`).

## At the target

A column must have the same type and at least the same capacity: a longer text, a wider DECIMAL, \`GEOMETRY\` for \`POINT\`, a longer VECTOR, ENUM and SET members in another order. A geometry column that is restricted to another
SRID than the source's is refused (\`srid-differs\`). A target without VECTOR (MySQL 8.0, MariaDB) has no column for one: \`table-differs\`.
`;

export function typesDocument(): string {
  return head + matrix.map(lineOf).join('') + foot;
}

function lineOf({ type, arrives, on, mind }: MatrixRow): string {
  const cells = [type, arrives, verdicts[on['8.0']], verdicts[on['9.7']], verdicts[on['mariadb-11.4']], mind];
  return `| ${cells.join(' | ')} |\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(typesFile, typesDocument());
