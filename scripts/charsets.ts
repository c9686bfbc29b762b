/**
 * Makes libs/model/src/charset/tables.ts: which character each byte sequence of a MySQL character set is to the server, asked of a real one
 * (9.7; charsets.integration.test.ts shows that the others say the same). usage: npx tsx scripts/charsets.ts
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { createConnection } from 'mysql2/promise';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { mysqlServer } from '../test/servers/index.js';

const file = fileURLToPath(new URL('../libs/model/src/charset/tables.ts', import.meta.url));
/** Computed, not looked up: these hold all of Unicode, or, as latin1 and binary do, each byte. */
const withoutTable = /^(?:utf|ucs2|latin1|binary)/;

/** A well-formed sequence as a number, and its code point; 0: none, or that of another sequence. */
type Entry = readonly [number, number];

interface Found {
  readonly sequence: number;
  readonly character: string;
  /** What the server makes of the character. */
  readonly back: number;
}

async function main(): Promise<void> {
  const server = mysqlServer({ version: '9.7', serverId: 1 });
  await server.start();
  try {
    const { host, port, user, password } = server;
    const connection = await createConnection({ host, port, user, password, charset: 'utf8mb4', multipleStatements: true });
    await connection.query(`SET sql_log_bin = 0, sql_mode = ''; CREATE DATABASE charsets; USE charsets`);
    await fill(connection);
    const tables: [string, string][] = [];
    for (const charset of await charsets(connection)) tables.push([charset, packed(entriesOf(await ask(connection, charset)))]);
    await connection.end();
    writeFileSync(file, textOf(tables));
    execFileSync('npx', ['oxfmt', file]);
  } finally {
    await server.stop();
  }
}

/** All sequences of one and two bytes, and those of three that begin with 8F, as ujis and eucjpms have them. */
async function fill(connection: Connection): Promise<void> {
  await connection.query(`CREATE TABLE digits (n INT); INSERT INTO digits VALUES ${Array.from({ length: 256 }, (_, n) => `(${n})`).join()};
    CREATE TABLE sequences (b VARBINARY(3) PRIMARY KEY); INSERT INTO sequences SELECT UNHEX(LPAD(HEX(n), 2, '0')) FROM digits;
    INSERT INTO sequences SELECT UNHEX(LPAD(HEX(a.n * 256 + b.n), 4, '0')) FROM digits a, digits b;
    INSERT INTO sequences SELECT UNHEX(CONCAT('8F', LPAD(HEX(a.n * 256 + b.n), 4, '0'))) FROM digits a, digits b`);
}

async function charsets(connection: Connection): Promise<readonly string[]> {
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT CHARACTER_SET_NAME AS name FROM information_schema.CHARACTER_SETS ORDER BY 1',
  );
  return rows.map(({ name }) => String(name)).filter((name) => !withoutTable.test(name));
}

/** What the server stores as one character. */
async function ask(connection: Connection, charset: string): Promise<readonly Found[]> {
  const [rows] = await connection.query<RowDataPacket[][]>(
    `DROP TABLE IF EXISTS t; CREATE TABLE t (b VARBINARY(3) PRIMARY KEY, c VARCHAR(3) CHARACTER SET ${charset}); INSERT INTO t SELECT b, b FROM sequences;
     SELECT HEX(b) AS b, CONVERT(c USING utf8mb4) AS u, HEX(CONVERT(CONVERT(c USING utf8mb4) USING ${charset})) AS r FROM t
     WHERE CAST(c AS BINARY) = b AND CHAR_LENGTH(c) = 1 ORDER BY LENGTH(b), b`,
  );
  return (rows.at(-1) ?? []).map(({ b, u, r }) => ({
    sequence: Number.parseInt(String(b), 16),
    character: String(u),
    back: Number.parseInt(String(r), 16),
  }));
}

/** Of several sequences for one character the shortest has it (sjis: the backslash), or else the one that the server makes of it. */
function entriesOf(found: readonly Found[]): readonly Entry[] {
  const owners = new Map<string, Found>();
  for (const one of found) {
    const isNone = one.character === '\uFFFD' || (one.character === '?' && one.sequence !== 0x3f);
    const owner = owners.get(one.character);
    if (
      !isNone &&
      (!owner || (owner.back !== owner.sequence && one.back === one.sequence && one.sequence < 0x100 === owner.sequence < 0x100))
    )
      owners.set(one.character, one);
  }
  return found.map((one) => [one.sequence, owners.get(one.character) === one ? one.character.codePointAt(0)! : 0]);
}

/**
 * Words of 16 bits: how many runs of sequences, each run's first (two words) and length, then each sequence's code point as the distance
 * from the one after the last one's.
 */
function packed(entries: readonly Entry[]): string {
  const runs: [number, number][] = [];
  for (const [sequence] of entries) {
    const last = runs.at(-1);
    if (last && last[0] + last[1] === sequence) last[1] += 1;
    else runs.push([sequence, 1]);
  }
  const points = entries.map(([, point]) => point);
  const distances = points.map((point, i) => (point - (points[i - 1] ?? -1) - 1) & 0xffff);
  const words = [runs.length, ...runs.flatMap(([first, length]) => [first >>> 16, first & 0xffff, length]), ...distances];
  const bytes = Buffer.from(Uint16Array.from(words).buffer);
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 18 } }).toString(
    'base64',
  );
}

function textOf(tables: readonly [string, string][]): string {
  const lines = tables.map(([charset, table]) => `  ${charset}: '${table}',`);
  return `/** Made by scripts/charsets.ts, which says what is in it. */
export const tables = {
${lines.join('\n')}
} as const;
`;
}

await main();
