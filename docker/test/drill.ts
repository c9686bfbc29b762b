/**
 * What docker/test/up.sh does with the running stack: writes on both sides while every container is killed or restarted once, then
 * compares; then both sides change one row, and each gets a file of the other. usage: drill.ts PROJECT ENV-FILE
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { conflictIsDecided } from './drill-conflict.js';
import { filesArrive } from './drill-file.js';
import { boundMs, channelIs, connect, container, docker, equalRows, project, say, sides } from './drill-stack.js';
import type { Side } from './drill-stack.js';

const maxImageBytes = 250 * 1000 * 1000;
const graceSeconds = 10;
const failures: string[] = [];

let writing = true;

await main();

async function main(): Promise<void> {
  await imageIsSmallAndNotRoot();
  await channelIs('running');
  say('both directions run');
  const writers = sides.map((side) => write(side));
  await sleep(3_000);
  for (const side of sides) for (const app of ['capture', 'loader', 'files']) await kill(`${app}-${side}`);
  await kill('control');
  for (const server of ['zookeeper', 'kafka', 'mysql-hangzhou', 'mysql-california']) await restart(server);
  await channelIs('running');
  await sleep(3_000);
  writing = false;
  const written = await Promise.all(writers);
  say(`written: ${sides.map((side, i) => `${written[i]} in ${side}`).join(', ')}`);
  const first = await equal();
  if (first !== null) failures.push(...(await conflictIsDecided(first)));
  failures.push(...(await filesArrive()));
  await stopsGracefully('capture-hangzhou');
  await stopsGracefully('loader-california');
  await stopsGracefully('files-california');
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

/** The id of the first row; null: the sides differ, or have none. */
async function equal(): Promise<string | null> {
  const rows = await equalRows();
  if (rows === null) failures.push('the two sides differ');
  else say(`equal: ${rows.length} rows`);
  return rows?.[0] ? String(rows[0]['id']) : null;
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
