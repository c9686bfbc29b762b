/** What lutra.ddl tells of a table. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasLeft, readDropped, readKept, wasLeftOutSince } from './ddl-history.js';
import { ddlEnd } from './ddl-store.js';
import type { DdlOf, DdlRowState } from './ddl-store.js';
import { TestServer, versions } from './mysql.fixture.js';
import { beginSeed } from './seed-store.js';
import { Session } from './session.js';

const pipeline = 'ddlhistory';
const table = (name: string) => ({ database: 'shop', name });

describe.each(versions)('lutra.ddl on %s', (version) => {
  let server: TestServer;
  let session: Session;
  beforeAll(async () => {
    server = await TestServer.shared(version);
    session = await Session.open(server.options, 'target');
  });
  afterAll(async () => {
    await session?.close();
    await server?.stop();
  });
  beforeEach(() =>
    server.run(`DELETE FROM lutra.ddl WHERE pipeline = '${pipeline}'; DELETE FROM lutra.seed WHERE pipeline = '${pipeline}'`),
  );

  let seq = 0;
  async function ended(statement: string, name: string, state: Exclude<DdlRowState, 'intent'>, more: Partial<DdlOf> = {}): Promise<void> {
    const of = { pipeline, part: 0, log: 'L', sql: '', origin: 'a', path: ['a'], statement, tables: [table(name)], ...more };
    seq += 1;
    await server.run(ddlEnd({ ...of, record: `r:${seq}`, seq }, state, null).sql);
  }

  it('a table has left until one is created in its place; one whose name has other letters has not', async () => {
    await ended('RENAME TABLE', 'T', 'skipped');
    expect([await hasLeft(session, pipeline, table('T')), await hasLeft(session, pipeline, table('t'))]).toEqual([true, false]);
    await ended('CREATE TABLE', 't', 'done');
    expect(await hasLeft(session, pipeline, table('T'))).toBe(true);
    await ended('CREATE TABLE', 'T', 'done');
    expect(await hasLeft(session, pipeline, table('T'))).toBe(false);
  });

  it('a table was left out if a seed of it has begun since its own shadow was created', async () => {
    const of = (name: string) => ({ pipeline, table: table(name), shadow: table(`_${name}_gho`) });
    await ended('CREATE TABLE', '_t_gho', 'done');
    expect(await wasLeftOutSince(session, of('t'))).toBe(false);
    await server.run(beginSeed({ pipeline, table: table('t'), target: table('t'), request: 'one', onExisting: 'source' }, []).sql);
    await ended('CREATE TABLE', '_T_gho', 'done');
    expect([await wasLeftOutSince(session, of('t')), await wasLeftOutSince(session, of('T'))]).toEqual([true, false]);
  });

  it('what was dropped, and what was kept of a tool, stands where it was in the log', async () => {
    await ended('DROP TABLE', 't', 'done');
    await ended('ALTER TABLE', '_t_gho', 'shadow', { kept: '{"of": "_t_gho"}' });
    expect(await readDropped(session, pipeline)).toEqual([{ table: table('t'), log: 'L', seq: seq - 1 }]);
    expect([await readKept(session, pipeline, '_t_gho'), await readKept(session, pipeline, 'other')]).toEqual([['{"of": "_t_gho"}'], []]);
  });
});
