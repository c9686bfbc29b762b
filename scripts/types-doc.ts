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

Each column of a routed table is carried to the byte, or refused by the check before the start (\`table-column-type\`, which names the column and why); no type is first noticed at a row.
The test of this table writes each type's edge values, and random ones, to MySQL 8.0, MySQL 9.7 and MariaDB 11.4, carries them through the binlog, Avro and the loader's statements, and
compares what both sides store. [Section 6 of docs/05](05-consumers.md#6-how-values-arrive) says more of what consumers get.

| type | in the topic | MySQL 8.0 | MySQL 9.7 | MariaDB as the source | mind |
|---|---|---|---|---|---|
`;

const verdicts: Readonly<Record<Verdict, string>> = { carried: 'carried', refused: '**refused**', none: '–' };

const foot = `
Carried too, of each type: generated columns (the target computes its own; consumers get the source's value), invisible columns and generated invisible primary keys, columns without a default,
NULL, and the keys of all of these. A table without primary key is carried, whether it has a UNIQUE key over NOT NULL columns, which the binlog then names as the key, or none.

An index over an expression is refused on MySQL 8.0.13 to 8.0.15: its hidden column is missing in their binlog.

## Character sets

Text, ENUM and SET columns of these character sets, in any collation: ${supportedCharsets.map((charset) => `\`${charset}\``).join(', ')}. All others are refused.

No server prints characters beyond the first plane of Unicode (😀) in a definition: an ENUM or SET member with one is told by the source's list, and two lists that differ in such members alone
pass the check. The target then refuses a value that it does not have.

## At the target

A column must have the same type and hold as much: a longer text, a wider DECIMAL, \`GEOMETRY\` for \`POINT\`, a longer VECTOR, ENUM and SET members in another order. A geometry column that is restricted
to another SRID than the source's is refused (\`srid-differs\`). A target without VECTOR (MySQL 8.0, MariaDB) has no column for one: \`table-differs\`.
`;

export function typesDocument(): string {
  return head + matrix.map(lineOf).join('') + foot;
}

function lineOf({ type, arrives, on, mind }: MatrixRow): string {
  const cells = [type, arrives, verdicts[on['8.0']], verdicts[on['9.7']], verdicts[on['mariadb-11.4']], mind];
  return `| ${cells.join(' | ')} |\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(typesFile, typesDocument());
