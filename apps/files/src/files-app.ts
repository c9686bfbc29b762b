/**
 * A files app as a whole: its roots, its HTTPS server, and the rooms behind it. It serves as soon as the configuration is known, and places
 * files in the roots whose lease it holds.
 */
import { RemoteFiles } from '@lutra/files';
import type { Beside, BesideDeps, WorkDeps } from '@lutra/host';
import { SyncError } from '@lutra/model';
import type { Configuration, WorkerFiles } from '@lutra/registry';
import type { Assignment, Leadership } from '@lutra/runtime';
import { readFilesEnvironment } from './environment.js';
import type { FilesEnvironment } from './environment.js';
import type { FetchRoom, PlaceRoom, RoomParts, Rooms } from './handlers.js';
import { instancesOf } from './instances.js';
import { routesOf } from './routes.js';
import { ContentServer } from './serve/content.js';
import { FileHashes } from './serve/file-hashes.js';
import { FilesServer } from './serve/https-server.js';
import type { NamedRows } from './serve/named.js';
import { SourceRows } from './serve/named.js';
import { Packs } from './serve/packs.js';
import { probeRoot } from './serve/probe.js';
import { Root } from './serve/root.js';

export interface FilesAppOptions {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly rooms: Partial<Rooms>;
}

/** Where the server's port cannot be had, the process cannot go on. */
const exitCode = 1;

export class FilesApp {
  readonly #options: FilesAppOptions;
  #running: Running | null = null;

  constructor(options: FilesAppOptions) {
    this.#options = options;
  }

  /** What others are told. */
  get told(): WorkerFiles {
    if (!this.#running) throw new SyncError('INTERNAL', 'the files app has not started');
    const { environment, places, folds } = this.#running;
    const roots = environment.roots.map(({ name }) => name);
    return { url: environment.url.origin, roots, places: [...places], folds: [...folds] };
  }

  get trouble(): string | null {
    return this.#running?.server.isListening ? null : 'its HTTPS server does not listen yet';
  }

  /** Roots in which this process may place files: all of them in its region, but those that it only serves. */
  wanted(documents: Configuration, { region }: { readonly region: string }): Map<string, Assignment<Root>> {
    const roots = documents.regions.has(region) ? [...(this.#running?.roots.values() ?? [])] : [];
    const placing = roots.filter(({ settings }) => !settings.serveOnly);
    return new Map(placing.map((root) => [`${region}.${root.name}`, { fingerprint: root.path, live: '', attempts: {}, value: root }]));
  }

  /** @throws SyncError CONFIG_INVALID */
  start(deps: BesideDeps): Beside {
    const environment = readFilesEnvironment(this.#options.variables);
    const running = new Running(deps, environment, this.#options.rooms);
    this.#running = running;
    running.server.listen().then(
      (port) =>
        deps.logger.info({ url: environment.url.origin, port, roots: environment.roots.map(({ name }) => name) }, 'files are served'),
      (error: unknown) => {
        deps.logger.fatal({ err: error, port: environment.port }, 'the HTTPS server of files cannot start');
        process.exit(exitCode);
      },
    );
    return running;
  }

  /** One leadership: the root is ready, its room places in it until the signal aborts. @throws SyncError FILES_UNAVAILABLE */
  async place({ status, logger }: WorkDeps, root: Root, lead: Pick<Leadership, 'leaseNumber' | 'signal'>): Promise<void> {
    const running = this.#running;
    if (!running) throw new SyncError('INTERNAL', 'the files app has not started');
    const facts = await probeRoot(root);
    if (facts.folds) running.folds.add(root.name);
    logger.info({ path: root.path, ...facts }, 'files are placed here');
    const { place } = running;
    if (!place) throw new SyncError('FILES_UNAVAILABLE', `root ${root.name}: this build places no files`);
    const leave = (): void => void running.places.delete(root.name);
    lead.signal.addEventListener('abort', leave, { once: true });
    try {
      await place.hold(root, lead, () => {
        if (lead.signal.aborted) return;
        running.places.add(root.name);
        status.update({ state: 'running', waitingFor: null, epoch: lead.leaseNumber, lastError: null });
      });
    } finally {
      lead.signal.removeEventListener('abort', leave);
      leave();
    }
  }
}

class Running implements Beside {
  readonly roots: ReadonlyMap<string, Root>;
  /** Names of the roots that this process places files in, and of those that take two names for one. */
  readonly places = new Set<string>();
  readonly folds = new Set<string>();
  readonly server: FilesServer;
  readonly place: PlaceRoom | null;
  readonly #fetch: FetchRoom | null;
  readonly #remote: RemoteFiles;
  readonly #rows: SourceRows;
  #documents: Configuration | null = null;

  constructor(
    deps: BesideDeps,
    readonly environment: FilesEnvironment,
    rooms: Partial<Rooms>,
  ) {
    const { registry, secretKey: keys, metrics, logger } = deps;
    const { caFile } = environment;
    this.roots = new Map(environment.roots.map((settings) => [settings.name, new Root(settings)]));
    this.#remote = new RemoteFiles({ keys, caFile, instances: instancesOf(registry) });
    const hashes = new FileHashes({ hashed: (_bytes, seconds) => metrics.fileHashSeconds.observe(seconds) });
    const of = { environment, roots: this.roots, hashes, remote: this.#remote };
    const isPlacing = (root: string): boolean => this.places.has(root);
    const parts: RoomParts = { ...of, metrics, logger, registry, secretKey: keys, isPlacing, documents: () => this.#known() };
    this.#rows = new SourceRows({ region: environment.region, secretKey: keys, documents: () => this.#known() });
    this.#fetch = rooms.fetch?.(parts) ?? null;
    this.place = rooms.place?.(parts) ?? null;
    const packs = new Packs(keys);
    const sent = (root: string, bytes: number): void =>
      metrics.fileBytes.inc({ name: `${environment.region}.${root}`, way: 'served' }, bytes);
    const content = new ContentServer({ keys, roots: this.roots, packs, sent });
    const named: NamedRows = (request) => this.#rows.named(request);
    const routes = routesOf({ parts, packs, named, fetch: this.#fetch, place: this.place, isPlacing });
    this.server = new FilesServer({ environment, keys, routes, logger, content: (...asked) => content.answer(...asked) });
  }

  follow(documents: Configuration | null): void {
    this.#documents = documents;
  }

  async close(): Promise<void> {
    await this.server.close();
    await Promise.all([this.#fetch?.close(), this.place?.close(), this.#rows.close()]);
    this.#remote.close();
  }

  /** @throws SyncError FILES_UNAVAILABLE: the process may not work, or does not know yet whether it may */
  #known(): Configuration {
    if (this.#documents) return this.#documents;
    throw new SyncError('FILES_UNAVAILABLE', 'this files app does not know the configuration yet, or is of another level than the cluster');
  }
}
