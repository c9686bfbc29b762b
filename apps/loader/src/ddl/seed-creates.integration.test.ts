/** Tables that seeding creates, as the target's capture sees them: copies, which no log takes for new. */
import { createTable, creatingAt, loadForApply, ApplyConnection, takeOver } from '@lutra/mysql';
import type { ConnectionOptions } from '@lutra/mysql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer, versions } from '../../../../libs/mysql/src/mysql.fixture.js';
import { uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import { createsOf } from './seed-creates.js';

describe.each(versions)('%s', (version) => {
  let server: TestServer;
  beforeAll(async () => void (server = await TestServer.start(version)));
  afterAll(() => server.stop());

  async function creator(
    name: string,
    { target = server.options, bothWays = true }: { target?: ConnectionOptions; bothWays?: boolean } = {},
  ) {
    const pipeline = uidOf(name);
    const { checkpoint } = await takeOver(server.options, { pipeline, part: 0, lease: 1, mayCreate: true });
    const warned: string[] = [];
    const port = { connect: ApplyConnection.open.bind(ApplyConnection), loadTable: loadForApply };
    const carryOut = createsOf({
      target,
      port,
      checkpoint,
      source: 'north',
      bothWays,
      signal: new AbortController().signal,
      during: (_, work) => work(),
      warn: (message) => warned.push(message),
    });
    const of = (table: string) => ({
      source: { database: 'shop', name: table },
      target: { database: name, name: table },
      definition: `CREATE TABLE \`${table}\` (\`a\` int, KEY (\`a\`), CONSTRAINT \`f_${table}\` FOREIGN KEY (\`a\`) REFERENCES \`later\` (\`id\`)) ENGINE=InnoDB`,
      targetOf: () => ({ database: name, name: 'later' }),
    });
    const creating = creatingAt(target);
    const create = (table: string) =>
      createTable(creating, { ...of(table), carryOut: (statement) => carryOut(`request-1/shop.${table}`, statement) });
    return { pipeline, create, warned };
  }

  /** The kind of the GTID under which each CREATE stands in the binlog. */
  async function created(name: string): Promise<readonly string[]> {
    const found: string[] = [];
    for (const { Log_name: log } of await server.query('SHOW BINARY LOGS')) {
      let gtid = '';
      for (const { Event_type: type, Info: info } of await server.query(`SHOW BINLOG EVENTS IN '${String(log)}'`)) {
        if (type === 'Gtid') gtid = String(info);
        const text = String(info);
        if (type === 'Query' && text.includes(`\`${name}\``) && /CREATE (?:TABLE|DATABASE)/.test(text))
          found.push(`${/CREATE \w+/.exec(text)?.[0]} ${gtid.includes("'4c757472-") ? 'copy' : 'own'}`);
      }
    }
    return found;
  }

  it('a table, and its database, are created once under witnesses', async () => {
    const { pipeline, create, warned } = await creator(`made_${version.replaceAll(/\W/g, '_')}`);
    const name = `made_${version.replaceAll(/\W/g, '_')}`;
    expect([await create('t'), await create('t'), await create('u')]).toEqual([true, false, true]);
    const isMysql = version !== 'mariadb-11.4';
    const kind = isMysql ? 'copy' : 'own';
    expect(await created(name)).toEqual([`CREATE DATABASE ${kind}`, `CREATE TABLE ${kind}`, `CREATE TABLE ${kind}`]);
    const rows = await server.query(`SELECT record, part, state, origin FROM lutra.ddl WHERE pipeline = '${pipeline}' ORDER BY begun_at`);
    const done = (record: string, part: number) => ({ record: `request-1/shop.${record}`, part, state: 'done', origin: 'north' });
    expect(rows).toEqual(isMysql ? [done('t', 1), done('t', 0), done('u', 0)] : []);
    expect(warned).toHaveLength(isMysql ? 0 : 3);
  });

  it.runIf(version !== 'mariadb-11.4')('a user who may not set the witness creates one way, and not both ways', async () => {
    const least = await server.leastPrivileged();
    await server.run("GRANT CREATE, REFERENCES, SELECT, INSERT, UPDATE ON *.* TO 'least'@'%'");
    const refused = await creator(`refused_${version.replace('.', '_')}`, { target: least });
    await expect(refused.create('t')).rejects.toMatchObject({ code: 'SEED_TABLE_REFUSED', message: expect.stringContaining('gtid_next') });
    const name = `plain_${version.replace('.', '_')}`;
    const plain = await creator(name, { target: least, bothWays: false });
    expect([await plain.create('t'), plain.warned.length]).toEqual([true, 2]);
    expect(await created(name)).toEqual(['CREATE DATABASE own', 'CREATE TABLE own']);
    await server.run("GRANT SESSION_VARIABLES_ADMIN ON *.* TO 'least'@'%'");
    const granted = await creator(`granted_${version.replace('.', '_')}`, { target: least });
    expect([await granted.create('t'), granted.warned]).toEqual([true, []]);
  });
});
