/**
 * Loaders and servers that are killed around a schema change; whoever comes next finds out what became of it. What counts is what the
 * target's binlog says: each statement stands in it once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { toSyncError } from '@lutra/model';
import type { DdlRecord } from '@lutra/model';
import { expect } from 'vitest';
import type { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import type { Random } from '../../../../test/harness/random.js';
import type { Place } from './ddl-record.fixture.js';
import type { Around, DdlRoom, RoomLoader } from './ddl-room.fixture.js';

/** Where a loader is killed that works through marked transactions. */
export const points = ['before intent', 'behind intent', 'before done', 'behind done'] as const;
export type Point = (typeof points)[number];

export class Killed extends Error {}

/** Ends the loader there. */
export function killAt(point: Point, kill: () => void): Around {
  const [when, what] = point.split(' ');
  let isIntent = false;
  return (now, sql) => {
    if (sql.includes('INSERT INTO lutra.ddl')) isIntent = sql.includes("'intent'");
    const isOne = what === 'intent' ? isIntent && /INSERT INTO lutra\.ddl|^COMMIT/.test(sql) : !isIntent && sql.includes("'done'");
    const isTime = when === 'before' ? now === 'before' : now === 'behind' && sql.includes('COMMIT');
    if (!isOne || !isTime) return;
    kill();
    throw new Killed(point);
  };
}

export interface KillCase {
  readonly name: string;
  /** Of its tables, and what stands in them. */
  setUp(n: number): string;
  record(room: DdlRoom, n: number): DdlRecord;
  /** As the target's binlog has it. */
  logged(n: number): RegExp;
  /** It ran. */
  check(room: DdlRoom, n: number): Promise<void>;
}

const rows =
  'INSERT INTO t% WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 1000) SELECT i, REPEAT("x", 500) FROM s';
const subject = (...names: readonly string[]): readonly Place[] => names.map((name) => ['subject', name]);

export const killCases: readonly KillCase[] = [
  {
    name: 'ALTER TABLE',
    setUp: (n) => `CREATE TABLE t${n} (id int primary key, v text); ${rows.replace('%', String(n))}`,
    record: (room, n) => room.record(`ALTER TABLE t${n} ADD c${n} int, ALGORITHM=COPY`, subject(`t${n}`), { id: `alter:${n}` }),
    logged: (n) => new RegExp(`ADD c${n} int`),
    check: async (room, n) => expect(await room.columns(`t${n}`)).toBe(`id,v,c${n}`),
  },
  {
    name: 'RENAME of three',
    setUp: (n) => `CREATE TABLE a${n} (a int); CREATE TABLE b${n} (b int); CREATE TABLE c${n} (c int)`,
    record: (room, n) => {
      const [a, b, c, x] = ['a', 'b', 'c', 'x'].map((name) => `${name}${n}`) as [string, string, string, string];
      const places = [a, x, b, a, c, b].map((name, i): Place => [i % 2 === 0 ? 'from' : 'to', name]);
      return room.record(`RENAME TABLE ${a} TO ${x}, ${b} TO ${a}, ${c} TO ${b}`, places, { id: `rename:${n}` });
    },
    logged: (n) => new RegExp(`RENAME TABLE .*c${n}`),
    check: async (room, n) =>
      expect([await room.columns(`a${n}`), await room.columns(`b${n}`), await room.columns(`x${n}`)]).toEqual(['b', 'c', 'a']),
  },
  {
    name: 'DROP of three',
    setUp: (n) => `CREATE TABLE d${n} (a int); CREATE TABLE e${n} (b int); CREATE TABLE f${n} (c int)`,
    record: (room, n) => room.record(`DROP TABLE d${n}, e${n}, f${n}`, subject(`d${n}`, `e${n}`, `f${n}`), { id: `drop:${n}` }),
    logged: (n) => new RegExp(`DROP TABLE .*f${n}\``),
    check: async (room, n) => {
      for (const name of ['d', 'e', 'f']) expect(await room.columns(`${name}${n}`)).toBe('');
    },
  },
  {
    name: 'TRUNCATE TABLE',
    setUp: (n) => `CREATE TABLE g${n} (id int primary key auto_increment); INSERT INTO g${n} VALUES (7)`,
    record: (room, n) => room.record(`TRUNCATE TABLE g${n}`, subject(`g${n}`), { id: `truncate:${n}` }),
    logged: (n) => new RegExp(`TRUNCATE TABLE .*g${n}\``),
    check: async (room, n) => expect(await room.server.query(`SELECT * FROM ${room.database}.g${n}`)).toEqual([]),
  },
];

export async function setUp(room: DdlRoom, kind: KillCase, n: number): Promise<void> {
  await room.server.run(`USE ${room.database}; ${kind.setUp(n)}; USE mysql`);
}

/** The next loader, which is not killed: the record ran once, and is known. */
export async function comesThrough(room: DdlRoom, kind: KillCase, n: number): Promise<void> {
  const loader = await room.loader();
  const record = kind.record(room, n);
  expect([null, 'passed']).toContain(await loader.apply(record, n));
  expect(await loader.target.look(record)).toBe('done');
  await kind.check(room, n);
  expect(await room.ran(kind.logged(n)), `${kind.name} ${n}`).toBe(1);
}

/** Until the server copies a table for a statement of that pattern, or waits with it. A PREPARE of the same text shows it too. */
export async function isUnderWay(server: TestServer, pattern: string): Promise<void> {
  const runs = "STATE IN ('copy to tmp table', 'Waiting for table metadata lock')";
  const sql = `SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE '${pattern}' AND ${runs}`;
  while ((await server.query(sql)).length === 0) await sleep(5);
}

/** Code of its error, or `none`. It is asked for before the loader is killed, so that the error is nobody's surprise. */
export function outcomeOf(applied: Promise<unknown>): Promise<string> {
  return applied.then(
    () => 'none',
    (error: unknown) => toSyncError(error).code,
  );
}

/** Of a loader that was killed. */
export const ended = /^(?:ABORTED|TARGET_UNAVAILABLE)$/;

/** The server is killed so long after the loader began. */
export async function killServer(room: DdlRoom, begun: Promise<unknown>, afterMs: number): Promise<void> {
  const ended = begun.catch(() => undefined); // the server is killed amid it: what became of it is asked of the server
  await sleep(afterMs);
  await room.server.server.kill();
  await ended;
  await room.server.server.restart();
  await room.server.reconnect();
}

/** Rounds of random kills of the server, each kind in turn. */
export async function serverKills(
  room: DdlRoom,
  { rounds, random }: { readonly rounds: number; readonly random: Random },
): Promise<number> {
  for (let n = 0; n < rounds; n += 1) {
    const kind = killCases[n % killCases.length] as KillCase;
    await setUp(room, kind, n);
    const loader: RoomLoader = await room.loader();
    await killServer(room, loader.apply(kind.record(room, n), n), random.next() * 120);
    loader.kill();
    await comesThrough(room, kind, n);
  }
  return rounds;
}
