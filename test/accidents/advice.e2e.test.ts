/**
 * A newcomer's evening on a channel that goes both ways: what stops it, what the status and the checks say, and that whoever follows that
 * to the letter has it running again with equal tables; no advice for one pipeline stops the other.
 */
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import type { ErrorCode } from '@lutra/model';
import { type PipelineStatus, type Problem, type Side, sides, type Stack, withAdministrator } from '../harness/index.js';
import { keptStackBothWays, leaveStack } from './kept-stack.js';
import { until } from './one-way.js';

let stack: Stack;
const tables = ['orders', 'parent', 'child', 'bare'];

beforeAll(async () => {
  stack = await keptStackBothWays();
  for (const side of sides)
    await run(
      side,
      `CREATE DATABASE desk; CREATE TABLE desk.orders (id INT PRIMARY KEY, note VARCHAR(50)); CREATE TABLE desk.parent (id INT PRIMARY KEY);
       CREATE TABLE desk.child (id INT PRIMARY KEY, parent_id INT, CONSTRAINT of_parent FOREIGN KEY (parent_id) REFERENCES desk.parent (id));
       CREATE TABLE desk.bare (id INT NOT NULL, note VARCHAR(50))`,
    );
  await stack.createChannel({ name: 'desk', databases: ['desk'] });
  await stack.startChannel();
  await run('a', "INSERT INTO desk.orders VALUES (1, 'one'); INSERT INTO desk.parent VALUES (7); INSERT INTO desk.bare VALUES (1, 'one')");
  await equal();
}, 240_000);
afterAll(leaveStack);

/** In a session of its own. */
function run(side: Side, sql: string): Promise<RowDataPacket[]> {
  return withAdministrator(stack.mysql[side], async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return rows;
  });
}

/** The pipeline that writes to a side. */
async function pipelineTo(side: Side): Promise<PipelineStatus> {
  const { pipelines } = await stack.api.channelStatus('desk');
  const found = pipelines.find(({ target }) => target.endpoint === stack.site(side).endpoint);
  if (!found) throw new Error(`no pipeline to side ${side}`);
  return found;
}

async function fails(side: Side, code: ErrorCode): Promise<NonNullable<PipelineStatus['lastError']>> {
  const error = await until(async () => {
    const { state, worker } = (await pipelineTo(side)).target;
    return state === 'failed' && worker?.lastError?.code === code ? worker.lastError : undefined;
  });
  if (!error) expect(await pipelineTo(side), `the pipeline should fail with ${code}`).toBeNull();
  return error as NonNullable<PipelineStatus['lastError']>;
}

/** Nothing is on its way, both sides have the same rows, and everything runs. */
async function equal(): Promise<void> {
  await stack.drain(60_000);
  for (const table of tables) {
    const [here, there] = await Promise.all(sides.map((side) => run(side, `SELECT * FROM desk.${table} ORDER BY id`)));
    expect(there).toEqual(here);
  }
  for (const side of sides) {
    const runs = await until(async () => {
      const { state, reason } = await pipelineTo(side);
      return (state === 'running' && reason === null) || undefined; // told once a second
    });
    if (!runs) expect(await pipelineTo(side), 'it should run, and wait for nothing').toBeNull();
  }
}

/** What the check of a side's endpoint offers against a problem, about a table. */
async function offered(side: Side, id: string, table: string): Promise<string> {
  const { problems } = await stack.api.checkEndpoint(stack.site(side).endpoint);
  const found = problems.find((problem: Problem) => problem.id === id && problem.what.includes(table));
  expect(found, JSON.stringify(problems)).toBeDefined();
  return found?.fix ?? '';
}

function tell(): void {
  onTestFailed(async () => console.error(JSON.stringify(await stack.api.channelStatus('desk'), null, 1), await stack.saveLogs()));
}

it('ENGINE_UNSUPPORTED: the statement of the check fixes the table, and stops nobody', { timeout: 120_000 }, async () => {
  tell();
  await run('b', 'SET SESSION sql_log_bin = 0; ALTER TABLE desk.orders ENGINE = MyISAM');
  await run('a', "INSERT INTO desk.orders VALUES (2, 'two')");
  await fails('b', 'ENGINE_UNSUPPORTED');
  await run('b', await offered('b', 'table-engine', 'desk.orders'));
  await stack.api.channelAction('desk', 'retry');
  await equal();
});

it('a table without a key: the key that the check offers is added on both sides, and stops nobody', { timeout: 120_000 }, async () => {
  tell();
  for (const side of sides) {
    const fix = await offered(side, 'two-way-no-key', 'desk.bare');
    await run(side, fix.replace('(…)', '(id)'));
  }
  await run('a', "UPDATE desk.bare SET note = 'changed' WHERE id = 1; INSERT INTO desk.bare VALUES (2, 'two')");
  await run('b', "INSERT INTO desk.bare VALUES (3, 'three')");
  await equal();
});

it('ROW_CONFLICT over a foreign key names it; the row is fixed in a transaction that stays there', { timeout: 120_000 }, async () => {
  tell();
  const alone = (sql: string): string => `BEGIN; UPDATE lutra.skip SET n = n + 1 WHERE id = 1; ${sql}; COMMIT`;
  // To MySQL 9.7: 8.0 does not tell a loader the name.
  await run('a', alone('DELETE FROM desk.parent WHERE id = 7'));
  await run('b', 'INSERT INTO desk.child VALUES (1, 7)');
  const { message, help, details } = await fails('a', 'ROW_CONFLICT');
  expect(message).toContain(
    'desk.child, id=1: parent-missing (foreign key of_parent of desk.child (parent_id), which references parent (id))',
  );
  expect(details).toMatchObject({ database: 'desk', table: 'child', seq: expect.any(Number), gtid: expect.any(String) });
  expect(help).toContain('Transactions that are not to be replicated');
  await run('a', alone('INSERT INTO desk.parent VALUES (7)'));
  await stack.api.channelAction('desk', 'retry');
  await equal();
});

it(
  'who waits for a lock, or for a capture that does not publish, says so in the status, and since when',
  { timeout: 120_000 },
  async () => {
    tell();
    const says = (side: Side, reason: RegExp): Promise<true | undefined> =>
      until(async () => (reason.test((await pipelineTo(side)).reason ?? '') ? true : undefined));
    await withAdministrator(stack.mysql.b, async (connection) => {
      await connection.query("BEGIN; UPDATE desk.orders SET note = 'held' WHERE id = 1");
      await run('a', "UPDATE desk.orders SET note = 'wanted' WHERE id = 1");
      expect(await says('b', /^(waits for the target to take seq \d+ .*a lock.*, since 20\d\d-|tries again after TARGET_BUSY)/)).toBe(true);
      await connection.query('ROLLBACK');
    });
    await equal();
    stack.capture.b.freeze();
    try {
      await run('a', "UPDATE desk.orders SET note = 'unseen' WHERE id = 2");
      expect(await says('b', new RegExp(`^waits for the capture of ${stack.site('b').region}, or its Kafka .*, since 20`))).toBe(true);
    } finally {
      stack.capture.b.resume();
    }
    await equal();
  },
);
