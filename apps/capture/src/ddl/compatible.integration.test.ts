/** What may run while both sides write, on real servers: each text is one that they take, and rows of the old definition fit behind it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import { compatible, incompatible, newer, rows, tables } from './compatible.fixture.js';

describe.each(['8.0', '9.7'] as const)('MySQL %s', (version) => {
  let server: TestServer;
  let database: string;
  beforeAll(async () => {
    server = await TestServer.shared(version);
    database = await server.database();
  });
  afterAll(() => server.stop());

  /** Null: the server took it. */
  async function ran(sql: string): Promise<string | null> {
    const named = Object.entries(tables).filter(([name]) => new RegExp(`\\b${name}\\b`).test(sql));
    const makes = named.map(([name, made]) => `DROP TABLE IF EXISTS ${name}; ${made}`);
    await server.run(['SET foreign_key_checks = 0', `USE ${database}`, 'DROP TABLE IF EXISTS x, t2', ...makes].join('; '));
    if (named.some(([name]) => name === 't')) await insert(rows.before, Object.keys(rows.before));
    return server.run(sql).then(
      () => null,
      (error: unknown) => String(error),
    );
  }

  async function insert(row: Readonly<Record<string, string>>, names: readonly string[]): Promise<void> {
    await server.run(`INSERT INTO ${database}.t (${names.join()}) VALUES (${names.map((name) => row[name]).join()})`);
  }

  async function isThere(row: Readonly<Record<string, string>>, names: readonly string[]): Promise<boolean> {
    const values = names.map((name) => (name === 'g' ? `ST_EQUALS(g, ${row[name]})` : `${name} <=> ${row[name]}`));
    return (await server.query(`SELECT id FROM ${database}.t WHERE ${values.join(' AND ')}`)).length === 1;
  }

  it('takes each of them; rows keep what they have, and those of the old definition come in', async () => {
    const wrong: unknown[] = [];
    for (const [sql] of compatible) {
      const error = await ran(sql);
      if (error !== null) wrong.push([sql, error]);
      if (error !== null || !/\bt\b/.test(sql) || /^(?:CREATE|DROP) TABLE/.test(sql)) continue;
      const left = await remaining();
      await insert(rows.behind, left);
      for (const [of, row] of Object.entries(rows)) if (!(await isThere(row, left))) wrong.push([sql, of]);
    }
    expect(wrong).toEqual([]);
  });

  it('takes the others too', async () => {
    const wrong: unknown[] = [];
    for (const sql of version === '8.0' ? incompatible : [...incompatible, ...newer]) {
      const error = await ran(sql);
      if (error !== null) wrong.push([sql, error]);
    }
    expect(wrong).toEqual([]);
  });

  async function remaining(): Promise<readonly string[]> {
    const found = await server.query(
      `SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '${database}' AND TABLE_NAME = 't'`,
    );
    const names = new Set(found.map(({ name }) => String(name)));
    return Object.keys(rows.before).filter((name) => names.has(name));
  }
});
