/**
 * One stack, MySQL 9.7 and 8.0, for all files that run in one process and ask for it. A one-way channel (one-way.ts) has names of its own,
 * and a file whose channels go both ways gets new endpoints, so that what one file leaves behind disturbs no other. After accidents of
 * one-way channels, which reset servers and change probes on one side, a file with both ways gets a fresh stack; so does the next one
 * after a file in which a test failed, or that leaves somebody down. The watchdogs end the last one with the process.
 */
import type { RowDataPacket } from 'mysql2/promise';
import type { afterAll } from 'vitest';
import { sides, type Stack, startStack, withAdministrator } from '../harness/index.js';

type Suite = Parameters<Parameters<typeof afterAll>[0]>[1];

let kept: Stack | undefined;
/** Whether an accident may have struck its servers. */
let struck = false;

/** For a file's `beforeAll`. */
export async function keptStack(): Promise<Stack> {
  struck = true;
  return (kept ??= await start());
}

function start(): Promise<Stack> {
  return startStack({ mysql: '9.7', mysqlB: '8.0' });
}

/** For the `beforeAll` of a file that makes channels with `createChannel()`: nothing is on the servers but what is on every endpoint. */
export async function keptStackBothWays(): Promise<Stack> {
  if (struck) await endStack();
  if (!kept) return (kept = await start());
  const stack = kept;
  await Promise.all(
    sides.map((side) =>
      withAdministrator(stack.mysql[side], async (connection) => {
        const [found] = await connection.query<RowDataPacket[]>(
          `SELECT schema_name AS name FROM information_schema.schemata
       WHERE schema_name NOT IN ('information_schema', 'lutra', 'lutra_probe', 'mysql', 'performance_schema', 'sys')`,
        );
        for (const { name } of found) await connection.query('SET foreign_key_checks = 0; DROP DATABASE ??', [name]);
        for (const table of ['conflict', 'skipped']) await connection.query(`DELETE FROM lutra.${table}`);
      }),
    ),
  );
  await stack.newEndpoints();
  return stack;
}

/** A file's `afterAll`. Channels that still run end, so that they cost the next file nothing. */
// oxlint-disable-next-line no-empty-pattern -- Vitest takes a hook's first parameter in no other form.
export async function leaveStack({}: object, suite: Suite): Promise<void> {
  if (!kept) return;
  const { api, servers, apps } = kept;
  const down = [...servers, ...apps].some(({ pid }) => pid === undefined);
  if (down || failedIn(suite)) return endStack();
  const channels = await api.request<readonly { readonly name: string }[]>('GET', '/api/v1/channels');
  await Promise.all(channels.map(({ name }) => api.channelAction(name, 'stop')));
}

async function endStack(): Promise<void> {
  const ending = kept;
  kept = undefined;
  struck = false;
  await ending?.stop();
}

function failedIn({ tasks, result }: Pick<Suite, 'tasks' | 'result'>): boolean {
  return result?.state === 'fail' || tasks.some((task) => (task.type === 'suite' ? failedIn(task) : task.result?.state === 'fail'));
}
