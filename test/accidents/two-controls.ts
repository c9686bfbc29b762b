/** Two control processes on one ZooKeeper, many edits by both, and what must be true of them in the end. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { AppProcess } from '../harness/index.js';
import { zooKeeperServer } from '../servers/index.js';

const token = 'a-token-that-nobody-guesses';
const sessionMs = 2_000;

export interface Edit {
  /** Unique: it becomes the description of the document. */
  readonly id: string;
  /** 0: no answer came. */
  readonly status: number;
}

interface Answer {
  readonly status: number;
  readonly etag: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- JSON of another process.
  readonly body: any;
}

export class TwoControls {
  readonly zooKeeper = zooKeeperServer();
  readonly controls: readonly [AppProcess, AppProcess];

  constructor() {
    const key = randomBytes(32).toString('base64');
    const environment = (): Readonly<Record<string, string>> => ({
      ZOOKEEPER: this.zooKeeper.connect,
      LUTRA_ROOT: '/two-controls',
      LUTRA_SECRET_KEY: key,
      LUTRA_API_TOKEN: token,
      LUTRA_SESSION_MS: String(sessionMs),
      LOG_LEVEL: 'warn',
    });
    const control = (name: string): AppProcess => new AppProcess({ app: 'control', name, environment });
    this.controls = [control('control-one'), control('control-two')];
  }

  async start(): Promise<void> {
    await this.zooKeeper.start();
    for (const control of this.controls) await control.start();
    for (const control of this.controls) await control.waitReady();
  }

  async stop(): Promise<void> {
    for (const control of this.controls) await control.stop();
    await this.zooKeeper.stop();
  }

  async request(
    of: AppProcess,
    method: string,
    path: string,
    { body, ifMatch }: { body?: unknown; ifMatch?: string } = {},
  ): Promise<Answer> {
    const response = await fetch(`${of.url}/api/v1/${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...(ifMatch && { 'If-Match': ifMatch }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, etag: response.headers.get('etag') ?? '', body: text === '' ? null : JSON.parse(text) };
  }

  /** Reads a document and writes it with another description, by the version that was read. */
  async edit(of: AppProcess, path: string, id: string): Promise<Edit> {
    try {
      const read = await this.request(of, 'GET', path);
      const body = { ...read.body, description: id };
      return { id, status: (await this.request(of, 'PUT', path, { body, ifMatch: read.etag })).status };
    } catch {
      return { id, status: 0 };
    }
  }

  /** What the history says was written to a document, oldest first. */
  async written(of: AppProcess, path: string): Promise<readonly string[]> {
    const { body } = await this.request(of, 'GET', `${path}/history`);
    const descriptions: string[] = [];
    for (const { revision } of body.toReversed())
      descriptions.push((await this.request(of, 'GET', `${path}/history/${revision}`)).body.after.description);
    return descriptions;
  }

  async revision(of: AppProcess): Promise<number> {
    return (await this.request(of, 'GET', 'status')).body.revision;
  }

  /** Numbers that ZooKeeper counts. */
  async counters(): Promise<Readonly<Record<string, number>>> {
    const { host, port } = this.zooKeeper;
    const socket = connect(port, host).end('mntr');
    let text = '';
    socket.on('data', (bytes: Buffer) => (text += bytes.toString()));
    await once(socket, 'close');
    return Object.fromEntries(
      text
        .split('\n')
        .map((line) => line.split('\t'))
        .map(([name, value]) => [name, Number(value)]),
    );
  }
}

/** Edits that were confirmed and are not there, edits that are there twice or that nobody made; all three are empty. */
export function contradictions(edits: readonly Edit[], written: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const times = Map.groupBy(written.filter(Boolean), (id) => id); // a document is created without one
  const known = new Set(edits.map(({ id }) => id));
  return {
    lost: edits.filter(({ id, status }) => status === 200 && !times.has(id)).map(({ id }) => id),
    doubled: [...times].flatMap(([id, found]) => (found.length > 1 ? [id] : [])),
    refusedAndThere: edits.filter(({ id, status }) => status >= 400 && status < 500 && times.has(id)).map(({ id }) => id),
    unknown: [...times.keys()].filter((id) => !known.has(id)),
  };
}
