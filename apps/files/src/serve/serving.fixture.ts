/** The serving half over HTTPS on a free port, with a root of its own: for tests. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FilesClient, RemoteFiles } from '@lutra/files';
import type { FilesInstance, FilesKeys, FilesService } from '@lutra/files';
import type { Configuration } from '@lutra/registry';
import type { FilesEnvironment, RootSettings } from '../environment.js';
import type { FetchRoom, PlaceRoom, RoomParts } from '../handlers.js';
import { routesOf } from '../routes.js';
import { ContentServer } from './content.js';
import { FileHashes } from './file-hashes.js';
import { FilesServer } from './https-server.js';
import type { NamedRows } from './named.js';
import { Packs } from './packs.js';
import { Root } from './root.js';

export function keysOf(...bytes: readonly [number, ...number[]]): FilesKeys {
  const keys = bytes.map((byte) => ({ kid: Buffer.alloc(4, byte).toString('hex'), bytes: Buffer.alloc(32, byte) }));
  return { first: keys[0]!, kids: keys.map(({ kid }) => kid), find: (kid) => keys.find((key) => key.kid === kid) };
}

export interface ServingOptions {
  readonly keys?: FilesKeys;
  readonly settings?: Partial<RootSettings>;
  readonly rooms?: { readonly fetch?: FetchRoom; readonly place?: PlaceRoom };
  readonly named?: NamedRows;
}

export class Serving {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'lutra-files-')));
  readonly root: Root;
  readonly keys: FilesKeys;
  readonly hashes = new FileHashes();
  sent = 0;
  #server: FilesServer | null = null;
  #port = 0;
  #trust: Promise<string> | null = null;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #closing: (() => void)[] = [];

  private constructor(options: ServingOptions) {
    this.keys = options.keys ?? keysOf(7);
    const settings = { name: 'pics', path: this.folder, maxBytes: null, mode: null, serveOnly: false, ...options.settings };
    this.root = new Root(settings);
  }

  static async start(options: ServingOptions = {}): Promise<Serving> {
    const serving = new Serving(options);
    const { keys, hashes, root } = serving;
    const url = new URL('https://127.0.0.1');
    const own = { certFile: undefined, keyFile: undefined, caFile: undefined };
    const environment: FilesEnvironment = {
      region: 'ca',
      roots: [root.settings],
      url,
      host: '127.0.0.1',
      port: 0,
      aria2: '',
      stageKeptMs: 3_600_000,
      ...own,
    };
    const roots = new Map([[root.name, root]]);
    const packs = new Packs(keys);
    const { fetch = null, place = null } = options.rooms ?? {};
    const parts = { environment, roots, hashes, secretKey: keys, documents: () => ({}) as Configuration } as unknown as RoomParts;
    const named = options.named ?? (async ({ rows }) => ({ named: rows.map(() => false) }));
    const content = new ContentServer({ keys, roots, packs, sent: (_, bytes) => (serving.sent += bytes) });
    serving.#server = new FilesServer({
      environment,
      keys,
      routes: routesOf({ parts, packs, fetch, place, named, isPlacing: () => place !== null }),
      content: (...asked) => content.answer(...asked),
      logger: { warn: () => undefined, error: (facts) => console.error(facts) },
    });
    serving.#port = await serving.#server.listen();
    return serving;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  get instance(): FilesInstance {
    return { region: 'ca', url: this.url, roots: ['pics'], places: ['pics'] };
  }

  remote(keys: FilesKeys = this.keys): RemoteFiles {
    const remote = new RemoteFiles({ keys, instances: async () => [this.instance] });
    this.#closing.push(() => remote.close());
    return remote;
  }

  client(instances: () => Promise<readonly FilesInstance[]> = async () => [this.instance]): FilesService {
    const client = new FilesClient({ keys: this.keys, region: 'ca', instances });
    this.#closing.push(() => client.close());
    return client;
  }

  write(path: string, bytes: string | Buffer): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), bytes);
  }

  /** A request as it is, whatever it is. */
  async raw(path: string, options: RawOptions = {}): Promise<Raw> {
    const { method = 'GET', headers = {}, body, onFirst } = options;
    const ca = await (this.#trust ??= this.remote().trust());
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = request(new URL(path, this.url), { method, headers, ca, agent: this.#agent }, resolve);
    sent.on('error', reject);
    sent.end(body);
    const answer = await promise;
    const pieces: Buffer[] = [];
    for await (const piece of answer as AsyncIterable<Buffer>) if (pieces.push(piece) === 1) onFirst?.();
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces) };
  }

  async close(): Promise<void> {
    for (const close of this.#closing) close();
    this.#agent.destroy();
    await this.#server?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

interface RawOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer | string;
  /** When the first bytes are there. */
  readonly onFirst?: () => void;
}

interface Raw {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}
