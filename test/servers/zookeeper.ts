/** ZooKeeper 3.9, standalone. Short ticks, so that a test may ask for sessions from one second up to a minute. */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { cached } from './cache.js';
import { ChildServer } from './child-server.js';
import { ExternalServer } from './external-server.js';
import type { Recipe } from './launch.js';
import { copyJars, tidy } from './maven.js';
import type { Log, ZooKeeperOptions, ZooKeeperServer } from './server.js';

const version = '3.9.4';

export function zooKeeperServer(options: ZooKeeperOptions = {}): ZooKeeperServer {
  const name = options.name ?? 'zookeeper';
  if (options.external) return new ExternalZooKeeper(name, options.external);
  return new ChildZooKeeper(recipe(name, options.extra ?? {}));
}

class ChildZooKeeper extends ChildServer implements ZooKeeperServer {
  get connect(): string {
    return `${this.host}:${this.port}`;
  }

  async loseData(): Promise<void> {
    const data = this.#data;
    await this.kill();
    if (data === undefined) return;
    await rm(data, { recursive: true, force: true });
    await mkdir(data);
  }

  async saveData(): Promise<string> {
    const data = this.#data;
    if (data === undefined) throw new Error(`${this.name} has no data yet`);
    const copy = await mkdtemp(join(dirname(data), 'copy-'));
    await cp(data, copy, { recursive: true });
    return copy;
  }

  async restoreData(copy: string): Promise<void> {
    const data = this.#data;
    await this.loseData();
    if (data !== undefined) await cp(copy, data, { recursive: true });
  }

  get #data(): string | undefined {
    return this.logFile === undefined ? undefined : join(dirname(this.logFile), 'data');
  }
}

class ExternalZooKeeper extends ExternalServer implements ZooKeeperServer {
  readonly connect: string;

  constructor(name: string, connectString: string) {
    const first = /^([^:,/]+)(?::(\d+))?/.exec(connectString) ?? [];
    super(name, first[1] ?? '', Number(first[2] ?? 2181));
    this.connect = connectString;
  }

  /** Like `kill()`: not with a server that is not ours. */
  async loseData(): Promise<void> {
    await this.kill();
  }

  saveData(): Promise<string> {
    throw new Error(`${this.name} is not ours: its data cannot be copied`);
  }

  async restoreData(): Promise<void> {
    await this.kill();
  }
}

export async function prepareZooKeeper(log: Log): Promise<string> {
  return cached(`zookeeper-${version}`, async (draft) => {
    log(`zookeeper: downloading ${version} (13 MB)`);
    await copyJars(
      [
        { group: 'org.apache.zookeeper', id: 'zookeeper', version },
        { group: 'io.dropwizard.metrics', id: 'metrics-core', version: '4.1.12.1' },
        { group: 'org.xerial.snappy', id: 'snappy-java', version: '1.1.10.5' },
        { group: 'org.slf4j', id: 'slf4j-simple', version: '2.0.13' }, // else it logs nothing
      ],
      draft,
    );
  });
}

function recipe(name: string, extra: Readonly<Record<string, string>>): Recipe {
  return {
    name,
    ports: 1,
    fill: async (folder) => {
      await prepareZooKeeper(() => undefined);
      await mkdir(join(folder, 'data'));
    },
    command: async (folder, [port = 0]) => {
      const libs = await prepareZooKeeper(() => undefined);
      const file = join(folder, 'zoo.cfg');
      const lines = Object.entries({ ...config(folder, port), ...extra }).map(([key, value]) => `${key}=${value}\n`);
      await writeFile(file, lines.join(''));
      const flags = ['-Xmx256m', ...tidy(folder), '-Dzookeeper.preAllocSize=4096'];
      return { command: 'java', args: [...flags, '-cp', `${libs}/*`, 'org.apache.zookeeper.server.quorum.QuorumPeerMain', file] };
    },
    answers: serves,
  };
}

function config(folder: string, port: number): Record<string, string> {
  return {
    tickTime: '500',
    maxSessionTimeout: '60000', // else 20 ticks
    dataDir: join(folder, 'data'),
    clientPort: String(port),
    clientPortAddress: '127.0.0.1',
    maxClientCnxns: '0',
    'admin.enableServer': 'false',
    '4lw.commands.whitelist': '*',
  };
}

/** `ruok` is answered before requests are; `srvr` names a mode only when they are. */
async function serves(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port, signal: AbortSignal.timeout(5000) });
  socket.write('srvr');
  return /^Mode: /m.test(await text(socket));
}
