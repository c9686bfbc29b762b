/**
 * Waits until all that every side committed has arrived everywhere, without believing what the apps say about themselves: a probe row is
 * changed on each side and awaited on the others; it comes after everything that was committed there before it. A second round lets the
 * captures pass what the loaders wrote in the first, so that a transaction that went round would have arrived as well.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2';
import type { MysqlServer } from '../servers/index.js';
import type { Api, EndStatus } from './api.js';
import type { AppProcess } from './app-process.js';
import { probeDatabase, withAdministrator } from './endpoint-setup.js';
import type { Letter } from './sides.js';

export interface Drained {
  readonly sites: readonly { readonly letter: Letter; readonly mysql: MysqlServer }[];
  readonly api: Api;
  readonly apps: readonly AppProcess[];
  readonly channel: string;
  /** From where the channel carries rows to all others. */
  readonly from: readonly Letter[];
}

const rounds = 2;
const pollMs = 100;

/** Writers must be quiet. @throws Error after the bound, with what is missing and what the apps say. */
export async function drain(stack: Drained, boundMs = 120_000): Promise<void> {
  const deadline = Date.now() + boundMs;
  for (let round = 1; round <= rounds; round++) {
    await Promise.all(stack.from.map((letter) => passProbe(stack, letter, deadline)));
  }
}

async function passProbe(stack: Drained, from: Letter, deadline: number): Promise<void> {
  const source = stack.sites.find(({ letter }) => letter === from);
  if (!source) throw new Error(`drain: there is no side ${from}`);
  const wanted = await withAdministrator(source.mysql, async (connection) => {
    await connection.query(`UPDATE ${probeDatabase}.probes SET n = n + 1 WHERE side = '${from}'`);
    return readProbe(connection, from);
  });
  const targets = stack.sites.filter((site) => site !== source);
  await Promise.all(targets.map((target) => awaitProbe(stack, { from, target, wanted, deadline })));
}

interface Awaited {
  readonly from: Letter;
  readonly target: Drained['sites'][number];
  readonly wanted: string;
  readonly deadline: number;
}

async function awaitProbe(stack: Drained, { from, target, wanted, deadline }: Awaited): Promise<void> {
  let arrived = 'unknown';
  while (Date.now() < deadline) {
    arrived = await withAdministrator(target.mysql, (connection) => readProbe(connection, from)).catch(String);
    if (arrived === wanted) return;
    await sleep(pollMs);
  }
  throw new Error(
    `drain: what side ${from} committed is not all on side ${target.letter}: probe ${wanted} is awaited, ${arrived} is there.\n${await report(stack)}`,
  );
}

interface Queries {
  query(sql: string): Promise<unknown>;
}

async function readProbe(connection: Queries, side: Letter): Promise<string> {
  const [[row]] = (await connection.query(`SELECT CAST(n AS CHAR) n FROM ${probeDatabase}.probes WHERE side = '${side}'`)) as [
    RowDataPacket[],
  ];
  return String(row?.['n']);
}

/** What the apps say, for an error message. */
export async function report({ api, channel, apps }: Pick<Drained, 'api' | 'channel' | 'apps'>): Promise<string> {
  const lines: string[] = [];
  try {
    for (const pipeline of (await api.channelStatus(channel)).pipelines) {
      lines.push(`pipeline ${pipeline.id}: ${pipeline.state}, ${pipeline.rows} rows applied, lag ${pipeline.lagMs ?? 'unknown'} ms`);
      lines.push(`  capture ${describe(pipeline.source)}`, `  loader  ${describe(pipeline.target)}`);
    }
  } catch (error) {
    lines.push(`the status cannot be read: ${String(error)}`);
  }
  for (const app of apps) {
    if (app.pid === undefined) lines.push(`${app.name} is down`);
    const failures = (await app.log()).split('\n').filter((line) => /"level":[56]0/.test(line));
    lines.push(...failures.slice(-2).map((line) => `${app.name}: ${line.slice(0, 1500)}`));
  }
  return lines.join('\n');
}

function describe({ state, reason, worker }: EndStatus): string {
  const error = worker?.lastError ? `; last error ${worker.lastError.code}: ${worker.lastError.message}` : '';
  return `${state}${reason ? ` (${reason})` : ''}, seq ${worker?.seq ?? 'none'}, position ${worker?.position?.gtidSet ?? 'none'}${error}`;
}
