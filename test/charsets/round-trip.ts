/**
 * One character set from a real server's rows through the binlog reader and the statement builder into another table of the server:
 * written, changed, deleted. What is compared is the server's own bytes, so that nothing of ours is its own oracle.
 */
import type { SourceItem, Value } from '@lutra/model';
import { SyncError, textCodec } from '@lutra/model';
import type { ApplyConnection, Change, TargetTable } from '@lutra/mysql';
import { differing, loadTable, StatementBuilder } from '@lutra/mysql';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { collectToEnd, executed } from '../../libs/binlog/src/reading.fixture.js';
import type { MysqlServer } from '../servers/index.js';

export type Rows = Extract<SourceItem, { kind: 'rows' }>;

export interface Site {
  readonly server: MysqlServer;
  readonly connection: Connection;
  readonly target: ApplyConnection;
}

/** Sequences that the server stores as one character, as hex, in their order. */
export async function characters({ connection }: Site, charset: string): Promise<readonly string[]> {
  const from = charset.startsWith('u') && charset !== 'ujis' ? 'unicode' : 'sequences';
  const [rows] = await connection.query<RowDataPacket[][]>(
    `SET sql_log_bin = 0; DROP TABLE IF EXISTS probe; CREATE TABLE probe (b VARBINARY(4) PRIMARY KEY, c VARCHAR(4) CHARACTER SET ${charset}) ENGINE = MEMORY;
     INSERT INTO probe SELECT b, b FROM ${from}; SET sql_log_bin = 1;
     SELECT HEX(b) AS b FROM probe WHERE CAST(c AS BINARY) = b AND CHAR_LENGTH(c) = 1 ORDER BY LENGTH(b), b`,
  );
  return (rows.at(-1) ?? []).map(({ b }) => String(b));
}

/** What has more than one sequence somewhere (sjis, cp932, eucjpms, ujis, big5), and the ends of what leads a pair. */
const edges = '815f 8790 81e0 ed40 fa5c eee0 8ff3f3 adf0 a2e2 a1c0 8fa2b7 a15a a2ce 8140 fefe fe40 8130 a1a1 ffff'.split(' ');

/**
 * All of one and two bytes and behind 8F, and some of four (gb18030); for sets of Unicode two and four bytes, UTF-8 of some.
 * @param share of those of two and three bytes, one in so many, and the edges
 */
export async function fillSequences({ connection }: Site, share = 1): Promise<void> {
  const hex = (...bytes: number[]): string => `(x'${Buffer.from(bytes).toString('hex')}')`;
  const four = [0x81, 0x84, 0x8f, 0x90, 0xe3, 0xfe].flatMap((a) =>
    [0x30, 0x32, 0x39].flatMap((b) => [0x81, 0x9a, 0xa4, 0xfe].flatMap((c) => [0x30, 0x35, 0x36, 0x39].map((d) => hex(a, b, c, d)))),
  );
  const points = [
    0, 0x24, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xfffd, 0xffff, 0x10000, 0x1f600, 0x10d800, 0x10fffe,
    0x10ffff,
  ];
  const utf8 = points.filter((point) => point < 0xd800 || point > 0xdfff).map((point) => hex(...Buffer.from(String.fromCodePoint(point))));
  const utf32 = [...points, 0x110000].map((point) => hex(0, point >> 16, (point >> 8) & 0xff, point & 0xff));
  const utf16 = ['d800dc00', 'dbffdfff', '00d800dc', 'ffdbffdf'].map((pair) => `(x'${pair}')`);
  const distinct = (rows: readonly string[]): string => [...new Set(rows)].join();
  await connection.query(`CREATE TABLE digits (n INT); INSERT INTO digits VALUES ${Array.from({ length: 256 }, (_, n) => `(${n})`).join()};
    CREATE TABLE sequences (b VARBINARY(4) PRIMARY KEY); INSERT INTO sequences SELECT UNHEX(LPAD(HEX(n), 2, '0')) FROM digits;
    INSERT INTO sequences SELECT UNHEX(LPAD(HEX(a.n * 256 + b.n), 4, '0')) FROM digits a, digits b WHERE (a.n * 257 + b.n) % ${share} = 0;
    INSERT IGNORE INTO sequences VALUES ${edges.map((edge) => `(x'${edge}')`).join()};
    CREATE TABLE unicode (b VARBINARY(4) PRIMARY KEY); INSERT INTO unicode SELECT b FROM sequences WHERE LENGTH(b) < 3;
    INSERT IGNORE INTO sequences SELECT UNHEX(CONCAT('8F', LPAD(HEX(a.n * 256 + b.n), 4, '0'))) FROM digits a, digits b WHERE (a.n * 257 + b.n) % ${share} = 0;
    INSERT IGNORE INTO sequences VALUES ${distinct(four)};
    INSERT IGNORE INTO unicode VALUES ${distinct([...utf8, "(x'eda080')", "(x'edbfbf')", ...utf32, ...utf16])}`);
}

/** Rows of a table in the source's database, and the same in the target's. */
export interface Tables {
  readonly name: string;
  /** Without the primary key, which is `id`. */
  readonly definition: string;
  /** For an INSERT. */
  readonly rows: readonly string[];
}

/** Creates both tables, writes, changes and deletes at the source; gives what the binlog has of it. */
export async function write(
  { server, connection }: Site,
  tables: readonly Tables[],
  more: (table: string) => string,
): Promise<readonly Rows[]> {
  for (const { name, definition } of tables)
    await connection.query(`CREATE TABLE ${name} ${definition}; CREATE TABLE there.${name} LIKE ${name}`);
  const start = await executed(server);
  for (const { name, rows } of tables) {
    for (let i = 0; i < rows.length; i += 2000) await connection.query(`INSERT INTO ${name} VALUES ${rows.slice(i, i + 2000).join()}`);
    await connection.query(more(name));
  }
  const items = await collectToEnd(server, start);
  return items.filter((item): item is Rows => item.kind === 'rows' && item.table.database === 'charsets');
}

/** In one transaction a rows event, and each row must be found as it was. */
export async function apply({ target }: Site, items: readonly Rows[]): Promise<void> {
  const known = new Map<string, TargetTable>();
  for (const { table, op, rows } of items) {
    const at = known.get(table.name) ?? (await loadTable(target, 'there', table.name));
    known.set(table.name, at);
    const builder = new StatementBuilder({ exact: at.primaryKey.length > 0 });
    for (const { before, after } of rows) builder.add({ op, before, after, source: table, target: at } satisfies Change);
    const text = builder.take();
    await target.run({ sql: 'BEGIN', marks: [{ does: 'begin' }] });
    const wrong = await differing(text, await target.run(text));
    if (wrong.length > 0) await target.rollback();
    if (wrong.length > 0)
      throw new SyncError('ROW_CONFLICT', `${table.name}: ${op}: ${wrong.length} of ${rows.length} rows are not as they were`);
    await target.commit();
  }
}

/** Values whose text does not give their bytes back, or that two sequences share. */
export function lost(items: readonly Rows[], charset: string, column = 'v'): readonly string[] {
  const codec = textCodec(charset);
  const texts = new Map<string, string>();
  const check = (value: Value): readonly string[] => {
    if (typeof value !== 'string' || !codec) return [];
    const bytes = codec.encode(value)?.toString('hex') ?? 'none';
    const known = texts.get(value) ?? bytes;
    texts.set(value, known);
    return value.isWellFormed() && known === bytes && codec.decode(Buffer.from(bytes, 'hex')) === value ? [] : [bytes];
  };
  return items.flatMap(({ rows }) =>
    rows.flatMap(({ before, after }) => [before?.[column], after?.[column]].flatMap((value) => check(value ?? null))),
  );
}

/** Rows of either side that the other has not, by the server's own bytes. */
export async function unequal({ connection }: Site, table: string, columns: readonly string[] = ['v']): Promise<readonly string[]> {
  const bytes = columns.map((column) => `IFNULL(HEX(CAST(${column} AS BINARY)), 'NULL')`).join();
  const read = async (database: string): Promise<readonly string[]> => {
    const [rows] = await connection.query<RowDataPacket[]>(
      `SELECT id AS k, CONCAT_WS(' ', ${bytes}) AS h FROM ${database}.${table} ORDER BY id, h`,
    );
    return rows.map(({ k, h }) => `${String(k)} ${String(h)}`);
  };
  const [here, there] = [await read('charsets'), await read('there')];
  const also = new Set(there);
  return [...here.filter((row) => !also.has(row)), ...(here.length === there.length ? [] : [`${here.length} rows, ${there.length} there`])];
}
