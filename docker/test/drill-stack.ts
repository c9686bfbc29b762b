/**
 * The running stack of docker/compose.yaml as the drill sees it, from outside only: published ports, the REST API, the docker command.
 * Which one it is say the arguments of the program: PROJECT ENV-FILE.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import type { RowDataPacket } from 'mysql2/promise';

const execute = promisify(execFile);
export const boundMs = 180_000;
export const sides = ['hangzhou', 'california'] as const;
export type Side = (typeof sides)[number];

const [projectName = '', environmentFile = ''] = process.argv.slice(2);
export const project = projectName;
const environment = new Map(
  (await readFile(environmentFile, 'utf8')).split('\n').flatMap((line) => {
    const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  }),
);

/** Until all pipelines of the channel `shop` are in that state. */
export async function channelIs(state: 'running' | 'paused'): Promise<void> {
  let last = '';
  for (const deadline = Date.now() + boundMs; Date.now() < deadline; await sleep(500)) {
    last = await status(state).catch((error: unknown) => String(error));
    if (last === state) return;
  }
  throw new Error(`the channel is not ${state}: ${last}`);
}

async function status(wanted: string): Promise<string> {
  const { pipelines, reason } = await api<{ pipelines?: readonly { state: string; reason: string }[]; reason?: string }>(
    'channels/shop/status',
  );
  if (!pipelines) return reason ?? 'no status';
  const other = pipelines.find(({ state }) => state !== wanted);
  return other ? `${other.state}: ${other.reason}` : wanted;
}

/** @throws where the answer is no success */
export async function api<T>(path: string, method = 'GET', body?: unknown): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${setting('CONTROL_PORT')}/api/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${setting('LUTRA_API_TOKEN')}`, 'content-type': 'application/json', 'if-match': '*' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}

/** What both sides hold once they hold the same; null: they differ to the end. */
export async function equalRows(): Promise<readonly RowDataPacket[] | null> {
  for (const deadline = Date.now() + boundMs; Date.now() < deadline; await sleep(500)) {
    const [a, b] = await Promise.all(sides.map((side) => query(side, 'SELECT * FROM orders ORDER BY id')));
    if (a && JSON.stringify(a) === JSON.stringify(b)) return a;
  }
  return null;
}

export async function query(side: Side, sql: string): Promise<readonly RowDataPacket[]> {
  const connection = await connect(side);
  try {
    const [found] = await connection.query<RowDataPacket[]>(sql);
    return found;
  } finally {
    connection.destroy();
  }
}

export function connect(side: Side): ReturnType<typeof createConnection> {
  return createConnection({
    host: '127.0.0.1',
    port: Number(setting(`MYSQL_${side.toUpperCase()}_PORT`)),
    user: 'root',
    password: setting('MYSQL_ROOT_PASSWORD'),
    database: 'shop',
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
  });
}

function setting(name: string): string {
  const value = environment.get(name);
  if (value === undefined) throw new Error(`${environmentFile} has no ${name}`);
  return value;
}

/** The values of a metric that an app in a container says of itself: those ports are not published. */
export async function metric(service: string, name: string): Promise<readonly number[]> {
  const script = `fetch('http://127.0.0.1:8080/metrics').then((answer) => answer.text()).then((text) => console.log(text))`;
  const text = await docker('exec', await container(service), '/usr/local/bin/node', '-e', script);
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`));
  return lines.map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
}

export async function container(service: string): Promise<string> {
  const label = `label=com.docker.compose.project=${project}`;
  const found = await docker('ps', '-aq', '--filter', label, '--filter', `label=com.docker.compose.service=${service}`);
  if (found === '') throw new Error(`there is no container of ${service}`);
  return found;
}

export async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await execute('docker', [...args], { timeout: 120_000 });
  return stdout.trim();
}

export function say(text: string): void {
  console.log(`• ${text}`);
}
