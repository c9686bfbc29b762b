/**
 * How much CPU a turn of control's event loop takes while a document of many channels is planned and applied:
 * `node --import tsx test/bench/plan-loop.ts [channels]`. The requests come from another thread, so that only control is measured.
 * CPU, since a turn is also long where other processes have the processor; `monitorEventLoopDelay` shows both.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { stringify } from 'yaml';
import { zooKeeperServer } from '../servers/index.js';
import { startControl } from '../../apps/control/test/control-client.js';

const count = Number(process.argv[2] ?? 1000);
const resolution = 2;

function documentOf(channels: number, table: string): string {
  const ends = ['a', 'b'];
  return stringify({
    version: 1,
    regions: ends.map((name) => ({ name, kafka: { brokers: ['127.0.0.1:1'] } })),
    endpoints: ends.map((name, n) => ({ name, region: name, host: '127.0.0.1', port: n + 1, user: 'u', password: 'p', serverId: n + 1 })),
    channels: Array.from({ length: channels }, (_, n) => ({
      name: `c-${n}`,
      pipelines: [
        { name: 'there', source: 'a', target: 'b', routes: routesOf(n, table) },
        { name: 'back', source: 'b', target: 'a', routes: routesOf(n, table) },
      ],
      conflicts: { home: 'a', rules: [{ policy: 'home' }] },
    })),
  });
}

function routesOf(n: number, table: string): readonly object[] {
  return [{ schema: `c_${n}`, table }, ...Array.from({ length: 5 }, (_, at) => ({ schema: `c_${n}`, table: `more_${at}` }))];
}

const program = `
const { parentPort } = require('node:worker_threads');
parentPort.on('message', async ({ url, path, body }) => {
  const answer = await fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const { hash, confirm, changes, message } = await answer.json();
  parentPort.postMessage({ status: answer.status, hash, confirm, changes: changes?.length, message });
});`;

interface Told {
  readonly status: number;
  readonly hash?: string;
  readonly confirm?: unknown;
  readonly changes?: number;
  readonly message?: string;
}

const zooKeeper = zooKeeperServer();
await zooKeeper.start();
const control = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT: '/loop' });
const client = new Worker(program, { eval: true });

/** Looks at each turn. */
class Turns {
  longestMs = 0;
  #last = process.threadCpuUsage();
  #next = setImmediate(() => this.#look());

  end(): void {
    clearImmediate(this.#next);
  }

  #look(): void {
    const now = process.threadCpuUsage();
    this.longestMs = Math.max(this.longestMs, (now.user + now.system - this.#last.user - this.#last.system) / 1000);
    this.#last = now;
    this.#next = setImmediate(() => this.#look());
  }
}

async function measured(what: string, path: string, body: object): Promise<Told> {
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  const turns = new Turns();
  const begun = performance.now();
  client.postMessage({ url: control.url, path: `/api/v1${path}`, body }, []);
  const told = await new Promise<Told>((resolve) => client.once('message', resolve));
  turns.end();
  delay.disable();
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const { status, changes = 0, message = '' } = told;
  const longest = `longest turn ${Math.round(turns.longestMs)} ms of CPU, ${Math.round(delay.max / 1e6)} ms of time`;
  console.log(`${what}: ${status}, ${changes} changes, ${seconds} s; ${longest} ${message}`);
  return told;
}

try {
  await measured('warm', '/plan', { document: documentOf(1, 't') });
  const document = documentOf(count, 't');
  const planned = await measured('plan', '/plan', { document });
  await measured('apply', '/apply', { document, hash: planned.hash, reason: 'all' });
  await measured('plan again', '/plan', { document });
  const changed = documentOf(Math.min(count, 80), 'u');
  const second = await measured('plan a change', '/plan', { document: changed });
  await measured('apply a change', '/apply', {
    document: changed,
    hash: second.hash,
    ...(second.confirm ? { confirm: second.confirm } : {}),
    reason: 'some',
  });
  await measured('plan a removal', '/plan', { document: documentOf(0, 't'), prune: true });
} finally {
  await client.terminate();
  await control.app.close();
  await zooKeeper.stop();
}
