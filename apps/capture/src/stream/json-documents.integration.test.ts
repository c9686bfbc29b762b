/**
 * JSON documents from a real server's binlog to a real target: what the target writes into its own binlog is the same document, in every
 * type, precision and sign. Both servers are source and target of each other and of themselves.
 */
import * as fc from 'fast-check';
import type { Row, Value } from '@lutra/model';
import { printedJson } from '@lutra/rows';
import {
  ApplyConnection,
  asSource,
  differing,
  loadTable,
  planRows,
  readRowQuery,
  sameRows,
  Session,
  StatementBuilder,
  toRow,
} from '@lutra/mysql';
import type { Change, TargetTable } from '@lutra/mysql';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { columnsOfTypes, typedDocument, typedDocuments } from '../../../../libs/binlog/src/json-documents.fixture.js';
import { collectToEnd, connectionOf, executed, rowsOf, select, writer } from '../../../../libs/binlog/src/reading.fixture.js';
import { mysqlServer } from '../../../../test/servers/index.js';

const versions = ['8.0', '9.7'] as const;
type Version = (typeof versions)[number];

const extra = ['--max-allowed-packet=64M'];
const servers = { '8.0': mysqlServer({ version: '8.0', serverId: 1, extra }), '9.7': mysqlServer({ version: '9.7', serverId: 2, extra }) };
const writers = new Map<Version, Connection>();
let tables = 0;

beforeAll(async () => {
  for (const version of versions) {
    await servers[version].start();
    const connection = await writer(servers[version]);
    writers.set(version, connection);
    await connection.query('CREATE DATABASE docs CHARACTER SET utf8mb4; USE docs');
    const columns = Object.entries(columnsOfTypes);
    await connection.query(`CREATE TABLE typed (${columns.map(([name, [type]]) => `${name} ${type}`).join(', ')})`);
    await connection.query(`INSERT INTO typed VALUES (${columns.map(([, [, value]]) => value).join(', ')})`);
  }
});
afterAll(async () => {
  for (const version of versions) {
    writers.get(version)?.destroy();
    await servers[version].stop();
  }
});

function at(version: Version): Connection {
  return writers.get(version) as Connection;
}

/** What `work` wrote into the binlog, as changes. */
async function changesOf(
  version: Version,
  table: string,
  work: () => Promise<unknown>,
): Promise<readonly Pick<Change, 'op' | 'before' | 'after'>[]> {
  const start = await executed(servers[version]);
  await work();
  const items = rowsOf(await collectToEnd(servers[version], start)).filter((item) => item.table.name === table);
  return items.flatMap(({ op, rows }) => rows.map(({ before, after }) => ({ op, before, after })));
}

async function targetOf(version: Version, table: string): Promise<TargetTable> {
  const session = await Session.open(connectionOf(servers[version]), 'target');
  try {
    return await loadTable(session, 'docs', table);
  } finally {
    await session.close();
  }
}

/** Exact: each row must be what the source says it was. */
async function apply(
  version: Version,
  target: TargetTable,
  changes: readonly Pick<Change, 'op' | 'before' | 'after'>[],
): Promise<readonly number[]> {
  const connection = await ApplyConnection.open(connectionOf(servers[version]));
  try {
    const builder = new StatementBuilder({ exact: true });
    const source = asSource(target);
    for (const change of changes) builder.add({ ...change, source, target });
    const text = builder.take();
    await connection.run({ sql: 'BEGIN', marks: [{ does: 'begin' }] });
    const found = await differing(text, await connection.run(text));
    await connection.commit();
    return found;
  } finally {
    await connection.close();
  }
}

const documentOf = (row: Row | null): Value => row?.['j'] ?? null;

describe.each(versions.flatMap((from) => versions.map((to) => ({ from, to }))))('from MySQL $from to MySQL $to', ({ from, to }) => {
  async function pair(definition: string): Promise<string> {
    const name = `t${++tables}`;
    for (const version of new Set([from, to])) await at(version).query(`CREATE TABLE ${name} (${definition})`);
    // One server: the target is a table beside it.
    if (from === to) await at(to).query(`CREATE TABLE ${name}_to LIKE ${name}`);
    return name;
  }
  const nameAtTarget = (name: string): string => (from === to ? `${name}_to` : name);
  async function carries(documents: readonly string[]): Promise<void> {
    const name = await pair('id INT PRIMARY KEY, j JSON');
    const target = await targetOf(to, nameAtTarget(name));
    // A statement each: a UNION makes texts of documents.
    const inserts = documents.map((document, i) => `INSERT INTO ${name} SELECT ${i}, ${document} FROM typed`).join('; ');
    const sent = await changesOf(from, name, () => at(from).query(inserts));
    expect(sent).toHaveLength(documents.length);
    const arrived = await changesOf(to, nameAtTarget(name), () => apply(to, target, sent));
    for (const [i, { after }] of arrived.entries()) {
      expect({ document: documents[i], carried: documentOf(after) }).toEqual({
        document: documents[i],
        carried: documentOf(sent[i]?.after ?? null),
      });
    }
    const sql = (table: string): string =>
      `SELECT CAST(j AS CHAR) AS j, JSON_TYPE(j) AS t, JSON_STORAGE_SIZE(j) AS s FROM ${table} ORDER BY id`;
    const [there, here] = [await select(at(from), sql(name)), await select(at(to), sql(nameAtTarget(name)))];
    expect(here).toEqual(there);
    expect(sent.map(({ after }) => printedJson(String(documentOf(after))))).toEqual(there.map((row) => row['j'] as string));
    await isFoundAgain(name, target, sent);
  }

  /** As the second lock of an update, and where conflicts are decided. */
  async function isFoundAgain(name: string, target: TargetTable, sent: readonly Pick<Change, 'op' | 'before' | 'after'>[]): Promise<void> {
    const plan = planRows(asSource(target), target);
    const session = await Session.open(connectionOf(servers[to]), 'target');
    for (const { after } of sent) {
      const [found] = await session.query(readRowQuery(plan, after as Row, false));
      expect(found && { row: after, same: sameRows(plan, toRow(plan, found), after as Row) }).toEqual({ row: after, same: true });
    }
    await session.close();
    const shifted = sent.map(({ after }, i) => ({
      op: 'u' as const,
      before: after,
      after: { ...after, j: documentOf(sent[(i + 1) % sent.length]?.after ?? null) },
    }));
    expect(await apply(to, target, shifted)).toEqual([]);
    expect(
      await apply(
        to,
        target,
        shifted.map(({ after }) => ({ op: 'd' as const, before: after, after: null })),
      ),
    ).toEqual([]);
    expect(await select(at(to), `SELECT id FROM ${nameAtTarget(name)}`)).toEqual([]);
  }

  it('a document of any types is the same document', () => carries(typedDocuments));

  it('what INSERT IGNORE leaves of a document is null, as to every statement of the source', async () => {
    const name = await pair('id INT PRIMARY KEY, j JSON NOT NULL');
    const target = await targetOf(to, nameAtTarget(name));
    const sent = await changesOf(from, name, () => at(from).query(`INSERT IGNORE INTO ${name} VALUES (1, NULL), (2, NULL)`));
    expect(sent.map(({ after }) => documentOf(after))).toEqual(['null', 'null']);
    const sql = (table: string): string => `SELECT id, CAST(j AS CHAR) AS j, JSON_TYPE(j) AS t FROM ${table}`;
    expect(await apply(to, target, sent)).toEqual([]);
    expect(await select(at(to), sql(nameAtTarget(name)))).toEqual(await select(at(from), sql(name)));
    // Also where the target has the same of its own.
    await at(to).query(`DELETE FROM ${nameAtTarget(name)}; INSERT IGNORE INTO ${nameAtTarget(name)} VALUES (1, NULL), (2, NULL)`);
    await isFoundAgain(name, target, sent);
  });

  it('a random document is the same document', async () => {
    const many = fc.array(typedDocument, { minLength: 25, maxLength: 25 });
    await fc.assert(fc.asyncProperty(many, carries), { numRuns: 3, endOnFailure: true });
  });
});
