/** What carrying files is measured on: a channel from side a to side b whose rows name files, and whoever else carries them. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import { RemoteFiles } from '@lutra/files';
import { Keyring } from '@lutra/registry';
import { type Log, Stack, withAdministrator } from '../harness/index.js';
import { asAdministrator } from '../harness/endpoint-setup.js';
import { type Disturbance, Network, Proxy } from '../network/index.js';
import { type Addressed, FileTools } from './file-tools.js';
import { type MadeFile, makeTree } from './file-trees.js';
import { mysqlExtra } from './seed-bench.js';
import { settingsLine } from './settings.js';

export interface FilesBenchOptions {
  readonly mysql: '8.0' | '9.7';
  readonly scale: number;
  readonly log: Log;
  /** Folder for the apps' CPU profiles. */
  readonly profile?: string | undefined;
}

const database = 'bench_files';
const table = `${database}.pictures`;
const root = 'tree';
const rowsPerInsert = 100;
const boundMs = 1_800_000;
/** There and back 200 ms; a connection carries 30 MB/s, as one does whose receiver takes 6 MiB (Linux's default). */
const far = { kind: 'slow', delayMs: 100, heldBytes: 3 * 2 ** 20 } as const;

export class FilesBench {
  readonly stack: Stack;
  readonly tools: FileTools;
  readonly options: FilesBenchOptions;
  readonly #network: Network;
  readonly #remote: RemoteFiles;
  #lines: readonly Proxy[] = [];
  #rows = 0;

  private constructor(network: Network, options: FilesBenchOptions) {
    const { mysql, log, profile } = options;
    const secret = randomBytes(32);
    const environment: Record<string, string> = {
      LUTRA_SECRET_KEY: secret.toString('base64'),
      ...(profile && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` }),
    };
    this.options = options;
    this.#network = network;
    this.stack = new Stack({ mysql, log, mysqlExtra, network, environment, roots: [root] });
    this.tools = new FileTools(log);
    const region = this.stack.regions.a;
    const instances = async () => [{ region, url: this.#source.url, roots: [root], places: [root] }];
    this.#remote = new RemoteFiles({ keys: Keyring.of(secret), instances });
  }

  static async open(options: FilesBenchOptions): Promise<FilesBench> {
    return new FilesBench(await Network.open(), options);
  }

  get #source() {
    const { files } = this.stack.site('a');
    if (!files) throw new Error('the stack has no files app');
    return files;
  }

  /** Of the source region, and of the target's. */
  get roots(): Readonly<Record<'a' | 'b', string>> {
    return { a: this.#source.path(root), b: this.stack.site('b').files?.path(root) ?? '' };
  }

  async pids() {
    const { capture, loader, mysql, kafka } = this.stack;
    const target = this.stack.site('b').files?.app.pid;
    return {
      capture: capture.a.pid,
      loader: loader.b.pid,
      filesSource: this.#source.app.pid,
      filesTarget: target,
      aria2: await childOf(target),
      source: mysql.a.pid,
      target: mysql.b.pid,
      kafka: kafka.pid,
    };
  }

  /** The channel runs, and has carried something. */
  async start(): Promise<void> {
    const { stack } = this;
    await stack.start();
    await Promise.all([stack.capture.b.terminate(), stack.loader.a.terminate()]); // the other direction: not wanted here
    for (const side of ['a', 'b'] as const)
      await withAdministrator(stack.mysql[side], async (connection) => {
        await connection.query(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`);
        await connection.query(`CREATE TABLE ${table} (id BIGINT NOT NULL PRIMARY KEY, path VARCHAR(200) NOT NULL)`);
      });
    const route = { schema: database, table: 'pictures', files: [{ root, path: '{path}' }] };
    await stack.createChannel({ name: 'bench', databases: [database], from: ['a'], routes: [route] });
    await stack.startChannel();
    await this.tools.start(this.roots.a);
    await this.#warm();
  }

  async stop(): Promise<void> {
    this.#remote.close();
    await Promise.all([this.stack.stop(), this.tools.stop()]);
    await Promise.all([this.#network.close(), ...this.#lines.map((line) => line.stop())]);
  }

  settings(): Promise<string[]> {
    const { mysql } = this.stack;
    return Promise.all(Object.entries({ source: mysql.a, target: mysql.b }).map(([what, at]) => settingsLine(what, asAdministrator(at))));
  }

  /** Writes a row for each file at the source; resolves when all of them are seen at the target. */
  async carry(files: readonly MadeFile[]): Promise<void> {
    const first = this.#rows + 1;
    const all = files.map(({ path }, index) => [first + index, path]);
    this.#rows += files.length;
    await withAdministrator(this.stack.mysql.a, async (connection) => {
      for (let from = 0; from < all.length; from += rowsPerInsert)
        await connection.query(`INSERT INTO ${table} VALUES ?`, [all.slice(from, from + rowsPerInsert)]);
    });
    await withAdministrator(this.stack.mysql.b, async (connection) => {
      for (const deadline = Date.now() + boundMs; Date.now() < deadline; await sleep(20)) {
        const [[row]] = await connection.query<RowDataPacket[]>(`SELECT MAX(id) AS last FROM ${table}`);
        if (Number(row?.['last']) === this.#rows) return;
      }
      throw new Error(`the rows are not there after ${boundMs / 60_000} minutes.\n${await this.stack.report()}`);
    });
  }

  /** Both sides have all rows that were written. */
  async isWhole(): Promise<boolean> {
    const counts = await Promise.all(
      (['a', 'b'] as const).map((side) =>
        withAdministrator(this.stack.mysql[side], async (connection) => {
          const [[row]] = await connection.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${table}`);
          return Number(row?.['n']);
        }),
      ),
    );
    return counts.every((count) => count === this.#rows);
  }

  /** Addresses at the source's files app, and whom to trust. */
  async addressed(files: readonly MadeFile[]): Promise<{ readonly files: readonly Addressed[]; readonly ca: string }> {
    const addressed: Addressed[] = [];
    for (let left = files.map(({ path }) => path); left.length > 0;) {
      const paths = left.slice(0, 1_000);
      const { entries } = await this.#remote.manifest(this.stack.regions.a, { root, paths });
      const unread = new Set(paths.filter((_, index) => entries[index]?.kind === 'hashing'));
      for (const [index, entry] of entries.entries()) {
        if (entry.kind === 'file') addressed.push({ url: entry.url, path: paths[index] ?? '' });
        else if (entry.kind !== 'hashing') throw new Error(`${paths[index]} is ${entry.kind}`);
      }
      left = [...unread, ...left.slice(paths.length)];
      if (unread.size > 0) await sleep(250);
    }
    return { files: addressed, ca: await this.#remote.trust() };
  }

  /**
   * All that comes from the source's region comes over a long line: files, the log, and rsync's.
   * @returns the port of a line to rsync's daemon
   */
  async moveFarAway(): Promise<number> {
    const to = (port: number): Promise<Proxy> => Proxy.start({ host: '127.0.0.1', port });
    const [files, daemon] = await Promise.all([to(this.#source.port), to(this.tools.port)]);
    this.#lines = [files, daemon];
    const slow: Disturbance = { ...far, who: () => true };
    for (const line of this.#lines) line.disturb(slow);
    this.#network.disturb('kafka', { ...far, who: (app) => app === this.stack.loader.b.name });
    this.#source.url = `https://127.0.0.1:${files.port}`;
    await this.#source.app.restart();
    await this.#source.app.waitReady();
    // Where files were to be had is known for some seconds.
    for (let tries = 0; files.carried(undefined) === 0; tries++) {
      if (tries === 20) throw new Error('nothing is carried over the long line');
      await this.#warm();
    }
    return daemon.port;
  }

  #warmed = 0;

  async #warm(): Promise<void> {
    await this.carry(await makeTree(this.roots.a, 'small', 0, `warm-${(this.#warmed += 1)}`));
    await sleep(1_000);
  }
}

/** aria2 is the only one that a files app has. */
async function childOf(pid: number | undefined): Promise<number | undefined> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return Number(children.trim().split(' ')[0]) || undefined;
}
