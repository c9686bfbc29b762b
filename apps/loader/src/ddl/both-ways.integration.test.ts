/** Both ways, at real targets: what is run at home is home's own however often its loader is killed, and what only widens a column. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import { killAt, Killed, points } from './ddl-kills.fixture.js';
import { DdlRoom, positioned } from './ddl-room.fixture.js';
import type { RoomLoader } from './ddl-room.fixture.js';

const own = { origin: 'california', path: ['south'] };
const copy = 'north: north';
const owned = 'california: south';

describe.each(['8.0', '9.7'] as const)('MySQL %s', (version) => {
  let server: TestServer;
  beforeAll(async () => void (server = await TestServer.shared(version)));
  afterAll(() => server.stop());

  async function roomOf(): Promise<DdlRoom> {
    const room = await DdlRoom.of(server);
    await server.run(`CREATE TABLE ${room.database}.t (id int primary key)`);
    return room;
  }
  const alter = (room: DdlRoom) => room.record('ALTER TABLE t ADD added int, COMMENT "x"', [['subject', 't']]);

  it.each(points)('what a person runs at home runs once and is home’s own, its loader killed %s', async (point) => {
    const room = await roomOf();
    const killed: RoomLoader = await room.loader({ bothWays: true, around: killAt(point, () => killed.kill()) });
    await expect(killed.apply(alter(room), 7, own)).rejects.toBeInstanceOf(Killed);
    // Who comes behind asks the person again, unless it ran.
    const next = await room.loader({ bothWays: true });
    const state = await next.target.look(alter(room));
    expect(state).toBe(/done/.test(point) ? 'done' : 'new');
    if (state === 'new') expect(await next.apply(alter(room), 7, own)).toBeNull();
    expect([await room.owners(), await room.ran(/ADD added/), await room.columns('t')]).toEqual([[owned], 1, 'id,added']);
    expect(await next.apply(alter(room), 9, own)).toBe('passed');
  });

  it('whose it is is decided anew with each intent: home may be another region by then', async () => {
    for (const [first, second, is] of [
      [own, null, copy],
      [null, own, owned],
    ] as const) {
      const room = await roomOf();
      const killed: RoomLoader = await room.loader({ bothWays: true, around: killAt('behind intent', () => killed.kill()) });
      await expect(killed.apply(alter(room), 7, first)).rejects.toBeInstanceOf(Killed);
      expect(await (await room.loader({ bothWays: true })).apply(alter(room), 7, second)).toBeNull();
      expect([await room.owners(), await room.rows()]).toEqual([[is], [['done', 1]]]);
    }
  });

  it('what failed as a copy may be run as home’s own', async () => {
    const room = await roomOf();
    const loader = await room.loader({ bothWays: true });
    await server.run(`ALTER TABLE ${room.database}.t ADD added int`);
    expect(await loader.apply(alter(room), 7)).toMatchObject({ reason: 'failed' });
    await server.run(`ALTER TABLE ${room.database}.t DROP added`);
    expect(await loader.apply(alter(room), 7, own)).toBeNull();
    expect([await room.owners(), await room.rows(), await room.seq()]).toEqual([[owned], [['done', 2]], 7]);
  });

  it('each column that only becomes wider keeps its values to the byte; what is held would change or refuse some', async () => {
    const room = await DdlRoom.of(server);
    const { target } = await room.loader({ bothWays: true });
    for (const [i, { before, values, to, wider }] of columns.entries()) {
      const name = `w${i}`;
      await server.run(`CREATE TABLE ${room.database}.${name} (id int auto_increment primary key, c ${before}) CHARSET=utf8mb4`);
      await server.run(`INSERT INTO ${room.database}.${name} (c) VALUES ${values.map((value) => `(${value})`).join()}`);
      const modifies = [{ column: 'c', type: to.replace(/ (?:not )?null$/, ''), nullable: !to.endsWith(' not null') }];
      const record = room.record(`ALTER TABLE ${name} MODIFY c ${to}`, [['subject', name]], { compatible: true, modifies, id: `w:${i}` });
      const table = { database: room.database, name };
      const misfit = await target.misfits(record, { sql: record.sql, tables: [table] });
      expect([`${before} → ${to}`, misfit === null]).toEqual([`${before} → ${to}`, wider]);
      if (!wider) continue;
      const value = before.startsWith('bit') ? 'c + 0' : 'c';
      const read = () => server.query(`SELECT id, CAST(${value} AS CHAR) AS c FROM ${room.database}.${name} ORDER BY id`);
      const rows = await read();
      expect(
        await target.run(record, { sql: record.sql.replace(name, `${room.database}.${name}`), tables: [table] }, positioned(i)),
      ).toBeNull();
      expect([to, await read()]).toEqual([to, rows]);
    }
  });

  it('what takes a key away holds, however it is written', async () => {
    const room = await DdlRoom.of(server);
    const { target } = await room.loader({ bothWays: true });
    await server.run(`CREATE TABLE ${room.database}.k (id int primary key, a int, b int, c int, unique u (a, b))`);
    const misfit = async (sql: string, more = {}) => {
      const record = room.record(`ALTER TABLE k ${sql}`, [['subject', 'k']], { compatible: true, ...more });
      return (await target.misfits(record, { sql: record.sql, tables: [{ database: room.database, name: 'k' }] }))?.what ?? null;
    };
    expect([await misfit('DROP COLUMN c'), await misfit("DROP c, COMMENT = 'DROP a'"), await misfit('DROP INDEX u')]).toEqual([
      null,
      null,
      null,
    ]);
    expect([await misfit("COMMENT = 'x', DROP `A`"), await misfit('DROP COLUMN c, DROP COLUMN b')]).toEqual(['key', 'key']);
    expect(await misfit('DROP b', { clauses: [{ action: 'drop', what: 'column', name: 'b' }] })).toBe('key');
  });

  it('a table that is not there is left to the statement itself', async () => {
    const room = await roomOf();
    const { target } = await room.loader({ bothWays: true });
    const record = room.record('ALTER TABLE gone MODIFY c bigint', [['subject', 'gone']], {
      modifies: [{ column: 'c', type: 'bigint', nullable: true }],
    });
    expect(await target.misfits(record, { sql: record.sql, tables: [{ database: room.database, name: 'gone' }] })).toBeNull();
  });
});

const columns: readonly { readonly before: string; readonly values: readonly string[]; readonly to: string; readonly wider: boolean }[] = [
  { before: 'int', values: ['-2147483648', '2147483647', 'NULL'], to: 'bigint', wider: true },
  { before: 'int unsigned', values: ['0', '4294967295'], to: 'bigint', wider: true },
  { before: 'tinyint unsigned not null', values: ['0', '255'], to: 'smallint unsigned not null', wider: true },
  { before: 'int not null', values: ['1'], to: 'int', wider: true },
  { before: 'decimal(6,2)', values: ['-9999.99', '0.01'], to: 'decimal(12,2)', wider: true },
  { before: 'varchar(4)', values: ["'äöü😀'", "'a  '", "''"], to: 'varchar(400)', wider: true },
  { before: 'char(3)', values: ["'a'", "'äöü'"], to: 'char(9)', wider: true },
  { before: 'tinytext', values: ["REPEAT('x', 255)"], to: 'mediumtext', wider: true },
  { before: 'varbinary(4)', values: ["x'00ff'", "x'00000000'"], to: 'varbinary(9)', wider: true },
  { before: 'blob', values: ["x'00ff'"], to: 'longblob', wider: true },
  { before: "enum('a','B','é')", values: ["'a'", "'B'", "'é'", 'NULL'], to: "enum('a','B','é','b2')", wider: true },
  { before: "set('x','y')", values: ["''", "'x,y'"], to: "set('x','y','z')", wider: true },
  { before: 'datetime(3)', values: ["'2026-01-02 03:04:05.678'"], to: 'datetime(3)', wider: true },
  { before: 'bit(3)', values: ["b'101'"], to: 'bit(12)', wider: true },
  { before: 'json', values: [`'{"a": 1.5}'`], to: 'json', wider: true },
  { before: 'int', values: ['-1'], to: 'int unsigned', wider: false },
  { before: 'bigint', values: ['9223372036854775807'], to: 'int', wider: false },
  { before: 'int', values: ['NULL'], to: 'int not null', wider: false },
  { before: 'decimal(6,2)', values: ['1.11'], to: 'decimal(6,1)', wider: false },
  { before: 'varchar(4)', values: ["'abcd'"], to: 'varchar(3)', wider: false },
  { before: 'varchar(4) collate utf8mb4_bin', values: ["'a'"], to: 'varchar(9)', wider: false },
  { before: 'varchar(4) charset latin1', values: ["'é'"], to: 'varchar(9)', wider: false },
  { before: "enum('a','b')", values: ["'a'"], to: "enum('b')", wider: false },
  { before: "enum('a','b')", values: ["'a'"], to: "enum('b','a')", wider: false },
  { before: 'datetime(6)', values: ["'2026-01-02 03:04:05.678999'"], to: 'datetime', wider: false },
  { before: 'float', values: ['0.1'], to: 'double', wider: false },
  { before: 'binary(2)', values: ["x'0100'"], to: 'binary(4)', wider: false },
];
