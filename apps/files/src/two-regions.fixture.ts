/** Whole files apps of two regions, which find each other by ZooKeeper; a network that can be disturbed lies between them. For tests. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { FilesClient } from '@lutra/files';
import type { FilesService, StageAnswer, StageProgress, WantedFile } from '@lutra/files';
import type { Beside, BesideDeps, WorkDeps } from '@lutra/host';
import { fileRuleSchema, newPipelineUid } from '@lutra/model';
import { Keyring } from '@lutra/registry';
import type { Configuration } from '@lutra/registry';
import { Metrics } from '@lutra/telemetry';
import { logger } from '../../../libs/registry/src/testing/harness.js';
import type { Harness } from '../../../libs/registry/src/testing/harness.js';
import { Proxy } from '../../../test/network/index.js';
import { aria2c } from '../../../test/servers/index.js';
import { freePorts } from '../../../test/servers/ports.js';
import { fetchRoom } from './fetch/fetch-room.js';
import { sha256 } from './fetch/fetch.fixture.js';
import { FilesApp } from './files-app.js';
import { instancesOf } from './instances.js';
import { placingRoom } from './place/placing-room.js';

export const source = 'hz';
export const target = 'ca';
const secretKey = Keyring.of(Buffer.alloc(32, 7));
const regions = new Map([source, target].map((region) => [region, {}]));
const documents = { regions, endpoints: new Map() } as unknown as Configuration;
export const pipeline = newPipelineUid();
const rule = fileRuleSchema.parse({ root: 'pics', path: '{image}' });
const row = { endpoint: 'e', database: 'd', table: 't', key: { id: '1' }, rule };

class RunningApp {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'lutra-root-')));
  readonly #ends = new AbortController();
  #beside: Beside | undefined;
  #placing: Promise<void> | undefined;

  /** @param url where others reach it, if that is not where it listens */
  async start(zooKeeper: Harness, { region, port, url }: { region: string; port: number; url: string }): Promise<void> {
    const variables = {
      LUTRA_REGION: region,
      LUTRA_ROOTS: `pics=${this.folder}`,
      LUTRA_FILES_PORT: String(port),
      LUTRA_FILES_URL: url,
      LUTRA_ARIA2: await aria2c(() => undefined),
    };
    const app = new FilesApp({ variables, rooms: { fetch: fetchRoom, place: placingRoom } });
    const registry = await zooKeeper.open();
    const metrics = new Metrics('files', { processMetrics: false });
    this.#beside = app.start({ registry, secretKey, logger, metrics } as unknown as BesideDeps);
    this.#beside.follow(documents, { region, only: null });
    const worker = { app: 'files', instance: `${region}:1`, region, version: '1', levels: [1, 4] as const, keys: [], since: 1 };
    registry.join({ describe: () => ({ ...worker, files: app.told }), onLevel: () => undefined });
    const [wanted] = app.wanted(documents, { region }).values();
    const deps = { status: { update: () => undefined }, logger } as unknown as WorkDeps;
    this.#placing = app.place(deps, wanted!.value, { leaseNumber: 1, signal: this.#ends.signal });
  }

  async close(): Promise<void> {
    this.#ends.abort();
    await this.#placing;
    await this.#beside?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class TwoRegions {
  readonly #apps = { source: new RunningApp(), target: new RunningApp() };
  #proxy!: Proxy;
  #client!: FilesClient;
  #n = 0;

  static async start(zooKeeper: Harness): Promise<TwoRegions> {
    const two = new TwoRegions();
    const [one = 0, other = 0] = await freePorts(2);
    two.#proxy = await Proxy.start({ host: '127.0.0.1', port: one });
    await two.#apps.source.start(zooKeeper, { region: source, port: one, url: `https://${two.#proxy.connect}` });
    await two.#apps.target.start(zooKeeper, { region: target, port: other, url: `https://127.0.0.1:${other}` });
    two.#client = new FilesClient({ keys: secretKey, instances: instancesOf(await zooKeeper.open()), region: target });
    return two;
  }

  /** Between the source's files app and everybody else. */
  get network(): Pick<Proxy, 'disturb'> {
    return this.#proxy;
  }

  /** As a loader of the target's region has it. */
  get client(): FilesService {
    return this.#client;
  }

  /** Folders of the roots. */
  get folders(): { readonly source: string; readonly target: string } {
    return { source: this.#apps.source.folder, target: this.#apps.target.folder };
  }

  /** At the source. */
  write(path: string, bytes: string | Buffer): void {
    const file = join(this.folders.source, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }

  /** Answers in the order of the paths. */
  async stage(
    paths: readonly string[],
    told: (line: StageAnswer | StageProgress) => void = () => undefined,
  ): Promise<readonly StageAnswer[]> {
    const files = paths.map((path, id): WantedFile => ({ id, root: 'pics', path, hash: null, row }));
    const answers: StageAnswer[] = [];
    for await (const line of this.#client.stage({ pipeline, sourceRegion: source, files }, new AbortController().signal)) {
      told(line);
      if (line.kind !== 'progress') answers.push(line);
    }
    return answers.toSorted((one, other) => one.id - other.id);
  }

  /** What a transaction does: all are staged, placed, and its rows are committed. @throws Error: one is not staged */
  async carry(paths: readonly string[], told?: (line: StageAnswer | StageProgress) => void): Promise<void> {
    const files = (await this.stage(paths, told)).map((answer) => {
      if (answer.kind !== 'staged') throw new Error(`${paths[answer.id]} is ${JSON.stringify(answer)}`);
      const { sha256: hash, size, mtimeNs } = answer;
      return { root: 'pics', path: paths[answer.id] ?? '', sha256: hash, size, mtimeNs };
    });
    const of = { pipeline, epoch: 1, root: 'pics', n: (this.#n += 1) };
    const { notStaged } = await this.#client.place({ ...of, files });
    if (notStaged.length > 0) throw new Error(`not staged: ${notStaged.join(', ')}`);
    await this.#client.settle(of);
  }

  async close(): Promise<void> {
    this.#client.close();
    await Promise.all([this.#apps.source.close(), this.#apps.target.close()]);
    await this.#proxy.stop();
  }
}

/** Hashes by path of all files of a root; what lies in `.lutra` by itself. */
export function treeOf(folder: string): { readonly files: ReadonlyMap<string, string>; readonly own: readonly string[] } {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  const isOwn = (path: string): boolean => path.startsWith('.lutra/');
  const files = paths.filter((path) => !isOwn(path)).toSorted();
  return { files: new Map(files.map((path) => [path, sha256(readFileSync(join(folder, path)))])), own: paths.filter(isOwn).toSorted() };
}
