/**
 * `lutra init` as a person has it: two servers of different versions that nobody has prepared, typed at through a terminal, ended in the
 * middle and begun again, until rows of both sides arrive; and taken back, which leaves the servers as they were.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LutraClient } from '@lutra/client';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Lutra, plain } from '../../apps/cli/test/lutra.js';
import type { Environment } from '../../apps/cli/test/lutra.js';
import { enter as enterConsole, launchBrowser } from '../console/browser.js';
import { startStack, withAdministrator } from '../harness/index.js';
import type { Side, Stack } from '../harness/index.js';

let stack: Stack;
let lutra: Lutra;
let at: Environment;
let before: Readonly<Record<Side, unknown>>;

beforeAll(async () => {
  [stack, lutra] = await Promise.all([
    startStack({ mysql: '9.7', mysqlB: '8.0', bare: true, mysqlExtra: ['--binlog-row-metadata=MINIMAL', '--binlog-row-image=MINIMAL'] }),
    Lutra.build(),
  ]);
  at = { url: stack.control.url, token: stack.token };
  await query('a', 'CREATE DATABASE shop');
  await query('a', 'CREATE TABLE shop.orders (id INT PRIMARY KEY, note VARCHAR(20))');
  await query('a', "INSERT INTO shop.orders VALUES (1, 'before'), (2, 'before')");
  before = { a: await stateOf('a'), b: await stateOf('b') };
}, 300_000);

afterAll(async () => {
  lutra?.remove();
  await stack?.stop();
});

function query(side: Side, sql: string): Promise<readonly RowDataPacket[]> {
  return withAdministrator(stack.mysql[side], async (connection) => (await connection.query<RowDataPacket[]>(sql))[0]);
}

async function stateOf(side: Side): Promise<unknown> {
  const of = async (sql: string): Promise<readonly string[]> => (await query(side, sql)).map((row) => JSON.stringify(row)).toSorted();
  return [
    await of('SELECT * FROM mysql.user'),
    await of('SELECT Host, Db, User FROM mysql.db'),
    await of('SELECT Host, Db, User, Table_name FROM mysql.tables_priv'),
    await of('SELECT USER, HOST, PRIV FROM mysql.global_grants'),
    await of("SHOW GLOBAL VARIABLES WHERE Variable_name NOT LIKE 'gtid%'"),
    await of('SELECT * FROM performance_schema.persisted_variables'),
    await of("SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA <> 'shop'"),
  ];
}

const enter = '\r';
const address = (side: Side): string => `${stack.mysql[side].host}:${stack.mysql[side].port}`;

type Typed = readonly (readonly [question: RegExp, keys: string])[];

/** Up to the last question. A server that is an endpoint already is asked for less. */
function typed({ again, home, last }: { readonly again: boolean; readonly home: string; readonly last: string }): Typed {
  const login = (side: Side, question: RegExp): Typed => [
    [question, `${address(side)}${enter}`],
    [/User of an administrator/, enter],
    [/Password of root/, enter],
  ];
  const place = (region: string): Typed => [
    [/Name of the region of/, `${region}${enter}`],
    [/Kafka of/, `${stack.kafka.bootstrap}${enter}`],
    [/User that Lutra makes/, enter],
  ];
  return [
    ...login('a', /The first database/),
    ...(again ? [] : place(stack.regions.a)),
    ...login('b', /The second database/),
    ...(again ? [] : place(stack.regions.b)),
    [/Schemas to keep the same/, enter],
    [/Who takes writes/, enter],
    [new RegExp(home), enter],
    [/change one row at the same time/, enter],
    [/Name of the channel/, enter],
    [/Do all of this/, last],
  ];
}

it('from two bare servers to a channel that runs: no, then ended in the middle, then to its end', async () => {
  const home = 'Home: the region';
  const no = await lutra.typed(['init'], typed({ again: false, home, last: 'n' }), at);
  expect(no.code, plain(no.stdout)).toBe(4);
  expect({ a: await stateOf('a'), b: await stateOf('b') }).toEqual(before);

  const killed = await lutra.typed(['init'], [...typed({ again: false, home, last: 'y' }), [/: prepared/, '\u0003\u0003']], at);
  expect(killed.code, plain(killed.stdout)).toBe(130);
  expect(await query('a', "SELECT 1 FROM mysql.user WHERE User = 'lutra'")).toHaveLength(1);

  const done = await lutra.typed(['init'], typed({ again: true, home, last: 'y' }), at);
  const shown = plain(done.stdout);
  expect(done.code, shown).toBe(0);
  expect(shown).toContain('Channel shop runs.');
  expect(shown.match(/what is written at its source arrives/g)).toHaveLength(2);
  expect(shown).not.toMatch(/IDENTIFIED BY '(?!…)/);

  expect(await query('b', 'SELECT * FROM shop.orders ORDER BY id')).toEqual(await query('a', 'SELECT * FROM shop.orders ORDER BY id'));
  await query('a', "INSERT INTO shop.orders VALUES (3, 'from a')");
  await query('b', "INSERT INTO shop.orders VALUES (4, 'from b')");
  const ids = async (side: Side): Promise<unknown> => (await query(side, 'SELECT id FROM shop.orders ORDER BY id')).map(({ id }) => id);
  await expect
    .poll(async () => [await ids('a'), await ids('b')], { timeout: 30_000 })
    .toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ]);
}, 240_000);

it('in a script: what runs already is only looked at, and nothing is asked', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lutra-init-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const side = (one: Side): object => {
    const { host, port } = stack.mysql[one];
    return { host, port, region: stack.regions[one], brokers: stack.kafka.bootstrap.split(',') };
  };
  const [answers, password] = [file('answers.yaml', JSON.stringify({ a: side('a'), b: side('b'), schemas: ['shop'] })), file('p', '')];
  const args = ['init', '--file', answers, '--admin-a-file', password, '--admin-b-file', password];
  expect(await lutra.run(['init'], at)).toMatchObject({ code: 2, stderr: expect.stringContaining('--file') });
  await query('b', 'SET GLOBAL read_only = ON');
  const person = await lutra.run(args, at);
  await query('b', 'SET GLOBAL read_only = OFF');
  expect(person, person.stderr).toMatchObject({ code: 3, stdout: expect.stringContaining('read_only is ON') });
  const shown = await lutra.run(args, at);
  expect(shown.code, shown.stderr).toBe(4);
  const [, hash = ''] = /--yes=(\w+)/.exec(shown.stderr) ?? [];
  expect(await lutra.run([...args, '--yes=0'], at)).toMatchObject({ code: 4 });
  const done = await lutra.run([...args, `--yes=${hash}`], at);
  expect(done.code, done.stderr).toBe(0);
  rmSync(folder, { recursive: true });
}, 120_000);

it('is taken back, which leaves both servers as they were', async () => {
  const undo = (side: Side, last: Typed): ReturnType<Lutra['typed']> =>
    lutra.typed(
      ['init', '--undo', stack.site(side).endpoint],
      [[/User of an administrator/, enter], [/Password of root/, enter], ...last],
      at,
    );
  const refused = await undo('a', []);
  expect(refused.code, plain(refused.stdout)).toBe(4);
  expect(plain(refused.stdout)).toContain('in use by channel shop');
  await stack.api.channelAction('shop', 'stop');
  const headers = { Authorization: `Bearer ${stack.token}`, 'If-Match': '*' };
  const removed = await fetch(`${stack.control.url}/api/v1/channels/shop`, { method: 'DELETE', headers });
  expect(removed.status).toBe(204);
  for (const side of ['a', 'b'] as const) {
    await expect
      .poll(async () => (await query(side, 'SHOW PROCESSLIST')).filter(({ User }) => User === 'lutra').length, { timeout: 30_000 })
      .toBe(0);
    const done = await undo(side, [[/Take this back/, 'y']]);
    expect(done.code, plain(done.stdout)).toBe(0);
    expect(await stateOf(side)).toEqual(before[side]);
  }
}, 120_000);

it('the same in the console: from servers that are not prepared to rows that arrive', async () => {
  const [name, password] = ['ada', 'the walk of the console'];
  await new LutraClient({ url: stack.control.url, token: stack.token }).call('POST /api/v1/users', {
    body: { name, password, grants: [{ role: 'admin' }] },
  });
  const browser = await launchBrowser(console.error);
  try {
    const page = await (await enterConsole(browser, { url: stack.control.url, name, password })).newPage();
    await page.goto(`${stack.control.url}/console/new-channel`);
    for (const [i, side] of (['a', 'b'] as const).entries()) {
      await page.getByLabel('Host').nth(i).fill(stack.mysql[side].host);
      await page.getByLabel('Port').nth(i).fill(String(stack.mysql[side].port));
      await page.getByLabel('Encrypted').nth(i).uncheck();
      await page.getByLabel('Region', { exact: true }).nth(i).fill(stack.regions[side]);
    }
    await page.getByRole('button', { name: 'Look at both servers' }).click();
    await page.getByLabel(/^shop /).check();
    await page.getByRole('button', { name: 'Show what it would do' }).click();
    await page.getByText('lutra init -f answers.yaml').waitFor();
    expect({ a: await stateOf('a'), b: await stateOf('b') }).toEqual(before);
    await page.getByRole('button', { name: 'Do all of this' }).click();
    await page.getByRole('link', { name: 'Look at the channel' }).click({ timeout: 60_000 });
    await page.locator('.page-head + .row').getByText('running').waitFor({ timeout: 60_000 });
  } finally {
    await browser.close();
  }
  await query('b', "INSERT INTO shop.orders VALUES (5, 'of the console')");
  await expect
    .poll(() => query('a', 'SELECT note FROM shop.orders WHERE id = 5'), { timeout: 30_000 })
    .toEqual([{ note: 'of the console' }]);
}, 240_000);
