/**
 * What docker/test/up.sh does with the running stack: writes on both sides while every container is killed or restarted once, then compares. It knows the
 * stack from outside only: published ports, the REST API, the docker command. usage: drill.ts PROJECT ENV-FILE
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import type { RowDataPacket } from 'mysql2/promise';

const execute = promisify(execFile);
const boundMs = 180_000;
const maxImageBytes = 250 * 1000 * 1000;
const graceSeconds = 10;
const sides = ['hangzhou', 'california'] as const;
type Side = (typeof sides)[number];

const [project = '', environmentFile = ''] = process.argv.slice(2);
const environment = new Map(
  (await readFile(environmentFile, 'utf8')).split('\n').flatMap((line) => {
    const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  }),
);
const failures: string[] = [];
const port = (name: string): number => Number(setting(name));

let writing = true;

await main();

async function main(): Promise<void> {
  await imageIsSmallAndNotRoot();
  await running();
  say('both directions run');
  const writers = sides.map((side) => write(side));
  await sleep(3_000);
  for (const app of ['capture-hangzhou', 'loader-hangzhou', 'capture-california', 'loader-california', 'control']) await kill(app);
  for (const server of ['zookeeper', 'kafka', 'mysql-hangzhou', 'mysql-california']) await restart(server);
  await running();
  await sleep(3_000);
  writing = false;
  const written = await Promise.all(writers);
  say(`written: ${sides.map((side, i) => `${written[i]} in ${side}`).join(', ')}`);
  await equal();
  await stopsGracefully('capture-hangzhou');
  await stopsGracefully('loader-california');
  await stopsGracefully('control');
  for (const failure of failures) console.log(`✗ ${failure}`);
  console.log(failures.length === 0 ? 'the stack holds' : 'the stack does not hold');
  process.exitCode = failures.length === 0 ? 0 : 1;
}

async function imageIsSmallAndNotRoot(): Promise<void> {
  const [size = '', user = ''] = (await docker('image', 'inspect', `${project}:drill`, '--format', '{{.Size}} {{.Config.User}}')).split(
    ' ',
  );
  say(`the image has ${(Number(size) / 1e6).toFixed(0)} MB and runs as ${user}`);
  if (Number(size) > maxImageBytes) failures.push(`the image is larger than ${maxImageBytes / 1e6} MB`);
  if (user === '' || user.startsWith('0')) failures.push('the image runs as root');
  const readOnly = await docker('inspect', await container('control'), '--format', '{{.HostConfig.ReadonlyRootfs}}');
  if (readOnly !== 'true') failures.push('the root file system is not read-only');
}

/** Until the channel says that it runs, both ways. */
async function running(): Promise<void> {
  let last = '';
  for (const deadline = Date.now() + boundMs; Date.now() < deadline; await sleep(500)) {
    last = await status().catch((error: unknown) => String(error));
    if (last === 'running') return;
  }
  throw new Error(`the channel does not run: ${last}`);
}

async function status(): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port('CONTROL_PORT')}/api/v1/channels/shop/status`, {
    headers: { authorization: `Bearer ${setting('LUTRA_API_TOKEN')}` },
    signal: AbortSignal.timeout(5_000),
  });
  const { pipelines, reason } = (await response.json()) as { pipelines?: readonly { state: string; reason: string }[]; reason?: string };
  if (!pipelines) return `HTTP ${response.status} ${reason ?? ''}`;
  const worse = pipelines.find(({ state }) => state !== 'running');
  return worse ? `${worse.state}: ${worse.reason}` : 'running';
}

/** One row after another until told to end; a statement whose answer was lost may or may not have taken effect. */
async function write(side: Side): Promise<number> {
  let written = 0;
  while (writing) {
    try {
      const connection = await connect(side);
      try {
        for (; writing; written += 1) {
          await connection.query('INSERT INTO orders (customer, amount) VALUES (?, ?)', [`${side} ${written}`, written / 100]);
          await sleep(10);
        }
      } finally {
        connection.destroy();
      }
    } catch {
      await sleep(300); // its server is down for a while: that is the drill
    }
  }
  return written;
}

async function kill(app: string): Promise<void> {
  const id = await container(app);
  const [pid = '', count = ''] = (await docker('inspect', id, '--format', '{{.State.Pid}} {{.RestartCount}}')).split(' ');
  say(`kill -9 ${app}`);
  if (process.getuid?.() === 0) {
    process.kill(Number(pid), 'SIGKILL'); // as a crash: the restart policy starts it again
    for (const deadline = Date.now() + boundMs; Date.now() < deadline; await sleep(200)) {
      const [now, state] = (await docker('inspect', id, '--format', '{{.RestartCount}} {{.State.Running}}')).split(' ');
      if (state === 'true' && Number(now) > Number(count)) return;
    }
    failures.push(`${app} is not started again after a crash`);
  } else {
    await docker('kill', id);
    await docker('start', id);
  }
}

async function restart(server: string): Promise<void> {
  say(`restart of ${server}`);
  await docker('restart', await container(server));
}

async function equal(): Promise<void> {
  let tables: readonly string[] = [];
  for (const deadline = Date.now() + boundMs; Date.now() < deadline; await sleep(500)) {
    tables = await Promise.all(sides.map(rows));
    if (tables[0] === tables[1]) {
      say(`equal: ${(JSON.parse(tables[0] ?? '[]') as unknown[]).length} rows`);
      return;
    }
  }
  failures.push(`the two sides differ: ${tables.map((table) => (JSON.parse(table) as unknown[]).length).join(' and ')} rows`);
}

async function rows(side: Side): Promise<string> {
  const connection = await connect(side);
  try {
    const [found] = await connection.query<RowDataPacket[]>('SELECT * FROM orders ORDER BY id');
    return JSON.stringify(found);
  } finally {
    connection.destroy();
  }
}

async function stopsGracefully(app: string): Promise<void> {
  const id = await container(app);
  const begin = performance.now();
  await docker('stop', '-t', String(graceSeconds), id);
  const seconds = (performance.now() - begin) / 1000;
  const code = await docker('inspect', id, '--format', '{{.State.ExitCode}}');
  say(`${app} stopped after ${seconds.toFixed(1)} s with exit code ${code}`);
  // 137: the engine lost its patience.
  if (code === '137') failures.push(`${app} does not end by itself within ${graceSeconds} s of SIGTERM`);
}

function setting(name: string): string {
  const value = environment.get(name);
  if (value === undefined) throw new Error(`${environmentFile} has no ${name}`);
  return value;
}

function connect(side: Side): ReturnType<typeof createConnection> {
  return createConnection({
    host: '127.0.0.1',
    port: port(`MYSQL_${side.toUpperCase()}_PORT`),
    user: 'root',
    password: setting('MYSQL_ROOT_PASSWORD'),
    database: 'shop',
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
  });
}

async function container(service: string): Promise<string> {
  const label = `label=com.docker.compose.project=${project}`;
  const found = await docker('ps', '-aq', '--filter', label, '--filter', `label=com.docker.compose.service=${service}`);
  if (found === '') throw new Error(`there is no container of ${service}`);
  return found;
}

async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await execute('docker', [...args], { timeout: 120_000 });
  return stdout.trim();
}

function say(text: string): void {
  console.log(`• ${text}`);
}
