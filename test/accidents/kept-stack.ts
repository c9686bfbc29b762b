/**
 * One stack, MySQL 9.7 and 8.0, for the accidents of all files that run in one process (project `ways` of vitest.config.ts). A one-way
 * channel (one-way.ts) has names of its own, so that what one file leaves behind disturbs no other. A file in which a test failed, or that
 * leaves somebody down, ends the stack: the next file gets a fresh one. The watchdogs end the last one with the process.
 */
import type { afterAll } from 'vitest';
import { type Stack, startStack } from '../scenarios/index.js';

type Suite = Parameters<Parameters<typeof afterAll>[0]>[1];

let kept: Stack | undefined;

/** For a file's `beforeAll`. */
export async function keptStack(): Promise<Stack> {
  kept ??= await startStack({ mysql: '9.7', mysqlB: '8.0' });
  return kept;
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
  await ending?.stop();
}

function failedIn({ tasks, result }: Pick<Suite, 'tasks' | 'result'>): boolean {
  return result?.state === 'fail' || tasks.some((task) => (task.type === 'suite' ? failedIn(task) : task.result?.state === 'fail'));
}
