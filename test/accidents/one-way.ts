/**
 * A one-way channel with endpoints, topic, database and checkpoint row of its own on a stack that many accidents share: what happens to
 * it happens to it alone. An accident is told by the REST status and nothing else.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import { expect } from 'vitest';
import { type DdlSettings, type ErrorCode, errorTable, pipelineName, rowsTopic } from '@lutra/model';
import {
  type EndStatus,
  lutraPassword,
  lutraUser,
  otherSide,
  type PipelineStatus,
  type Side,
  type Stack,
  type StackOptions,
  withAdministrator,
} from '../harness/index.js';
import { mayTrySchemaChanges } from '../harness/endpoint-setup.js';
import type { MysqlServer } from '../servers/index.js';

export interface OneWayOptions {
  readonly from?: Side;
  /** A database user of its own, whose rights may be taken away: by which end. */
  readonly ownUser?: 'source' | 'target';
  /** Over what is sent for the source's endpoint. */
  readonly source?: NonNullable<StackOptions['endpoint']>;
  /** Servers of its own (prepared as endpoints), where the stack's must not be the ones that suffer. */
  readonly servers?: { readonly source?: MysqlServer; readonly target?: MysqlServer };
  /** Left out: the test starts the channel itself. */
  readonly start?: false;
  /** Of the pipeline. Both sides get their statements by hand, unless a test says otherwise. */
  readonly ddl?: DdlSettings;
  /** Accidents are looked at where they stop an end, unless they say otherwise. */
  readonly onUnsupported?: 'stop' | 'suspend';
}

export type End = 'capture' | 'loader';

const byHand: DdlSettings = { default: 'stop' };
const boundMs = 30_000;
const pollMs = 100;
let count = 0;

export class OneWay {
  readonly name: string;
  readonly from: Side;
  readonly to: Side;
  readonly database: string;
  /** Names of the endpoints. */
  readonly endpoints: { readonly source: string; readonly target: string };
  readonly topic: string;
  /** `<channel>.<pipeline>` */
  readonly pipeline: string;
  /** What its row in lutra.checkpoint is found by. */
  uid = '';
  /** Of the endpoint that has one of its own. */
  readonly user: string;
  readonly serverId: number;
  readonly servers: Readonly<Record<Side, MysqlServer>>;
  readonly #stack: Stack;

  constructor(stack: Stack, { from = 'a', ownUser, servers = {} }: OneWayOptions) {
    count += 1;
    this.#stack = stack;
    this.name = `way${count}`;
    this.from = from;
    this.to = otherSide(from);
    const [source, target] = [servers.source ?? stack.mysql[this.from], servers.target ?? stack.mysql[this.to]];
    this.servers = from === 'a' ? { a: source, b: target } : { a: target, b: source };
    this.database = `way${count}`;
    this.endpoints = { source: `${this.name}-source`, target: `${this.name}-target` };
    this.topic = rowsTopic(this.endpoints.source);
    this.pipeline = pipelineName(this.name, 'rows');
    this.user = ownUser ? `user${count}` : lutraUser;
    this.serverId = 5000 + count;
  }

  /** Statements of an administrator, `USE`d to the database; the rows of the last one. */
  atSource(sql: string): Promise<readonly RowDataPacket[]> {
    return this.#run(this.from, sql);
  }

  atTarget(sql: string): Promise<readonly RowDataPacket[]> {
    return this.#run(this.to, sql);
  }

  /** Inserts rows into t. */
  write(...ids: readonly number[]): Promise<unknown> {
    return this.atSource(`INSERT INTO t VALUES ${ids.map((id) => `(${id}, 'row ${id}')`).join()}`);
  }

  /** Waits until the target's table is as the source's. */
  async arrives(table = 't'): Promise<void> {
    const rows = `SELECT * FROM ${table} ORDER BY id`;
    const wanted = JSON.stringify(await this.atSource(rows));
    const there = await until(async () => {
      const found = JSON.stringify(await this.atTarget(rows));
      return found === wanted ? found : undefined;
    });
    if (there === undefined) expect({ target: await this.atTarget(rows), status: await this.status() }).toEqual(wanted);
  }

  /** The ids of the target's rows in t. */
  async targetIds(): Promise<readonly number[]> {
    return (await this.atTarget('SELECT id FROM t ORDER BY id')).map((row) => Number(row['id']));
  }

  async status(): Promise<PipelineStatus> {
    const [pipeline] = (await this.#stack.api.channelStatus(this.name)).pipelines;
    if (!pipeline) throw new Error('a channel without a pipeline');
    return pipeline;
  }

  async end(end: End): Promise<EndStatus> {
    const status = await this.status();
    return end === 'capture' ? status.source : status.target;
  }

  /** Waits until the status says that this end fails so: stopped, or trying again, as the code's outcome says; with the code's help. */
  async fails(end: End, ...codes: readonly ErrorCode[]): Promise<ErrorCode> {
    const code = await until(async () => {
      const { state, worker } = await this.end(end);
      const error = worker?.lastError;
      if (!error || !codes.includes(error.code)) return undefined;
      // One that is tried again may be running at this moment; the error stays until something was applied.
      if ((state === 'failed' || state === 'held') !== (errorTable[error.code].outcome === 'stop')) return undefined;
      expect(error.help).toBe(errorTable[error.code].help);
      expect(error.message).not.toBe('');
      return error.code;
    });
    if (code) return code;
    expect(await this.status(), `the ${end} should fail with ${codes.join(' or ')}`).toBeNull();
    throw new Error('unreachable');
  }

  async start({ force = false } = {}): Promise<void> {
    await this.#stack.api.request('POST', `/api/v1/channels/${this.name}/start${force ? '?force=true' : ''}`);
  }

  async runs(): Promise<void> {
    const running = await until(async () => {
      const { source, target } = await this.status();
      return source.state === 'running' && target.state === 'running' ? true : undefined;
    });
    if (!running) expect(await this.status(), 'both ends should run').toBeNull();
  }

  async act(action: 'pause' | 'retry' | 'stop'): Promise<void> {
    await this.#stack.api.channelAction(this.name, action);
  }

  /** Replaces parts of a document. */
  async change(path: string, part: object, query = ''): Promise<void> {
    await this.#overwrite('PUT', `${path}${query}`, { ...(await this.#stack.api.request<object>('GET', `/api/v1/${path}`)), ...part });
  }

  /** As docs/errors.md says: new names for the source's endpoint and the pipeline, from the source's end on. The target must be in line. */
  async startOver(): Promise<void> {
    await this.close();
    await this.#overwrite('DELETE', `channels/${this.name}`);
    const [executed] = await this.atSource('SELECT @@GLOBAL.gtid_executed AS s');
    const source = `${this.name}-again`;
    const { host, port } = this.servers[this.from];
    await this.#stack.api.createEndpoint({
      name: source,
      region: this.#stack.regions[this.from],
      host,
      port,
      user: this.user,
      password: lutraPassword,
      serverId: this.serverId + 1000,
      start: { from: 'gtid', gtidSet: String(executed?.['s']).replaceAll(/\s/g, '') },
    });
    const pipeline = { name: 'again', source, target: this.endpoints.target, routes: [{ schema: this.database }], ddl: byHand };
    const created = await this.#stack.api.createChannel({ name: this.name, pipelines: [pipeline], onUnsupported: 'stop' });
    this.uid = created.pipelines[0]?.uid ?? '';
    await this.start();
    await this.runs();
  }

  /** Cuts connections of the lutra user, or of its own, at a side: the next attempt connects anew. */
  async cutConnections(side: Side): Promise<void> {
    await this.#run(side, 'SELECT 1');
    for (const row of await this.#run(side, 'SHOW PROCESSLIST')) {
      if (row['User'] === this.user) await this.#run(side, `KILL ${String(row['Id'])}`).catch(() => undefined); // gone meanwhile
    }
  }

  /** Both ends end; what is left disturbs nobody. */
  async close(): Promise<void> {
    await this.act('stop');
    await until(async () => {
      const { source, target } = await this.status();
      return source.worker === null && target.worker === null ? true : undefined;
    });
  }

  async #overwrite(method: 'PUT' | 'DELETE', path: string, body?: object): Promise<void> {
    const headers = { authorization: `Bearer ${this.#stack.token}`, 'content-type': 'application/json', 'if-match': '*' };
    const response = await fetch(`${this.#stack.control.url}/api/v1/${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  }

  async #run(side: Side, sql: string): Promise<readonly RowDataPacket[]> {
    return withAdministrator(this.servers[side], async (connection) => {
      await connection.query(`USE ${this.database}`);
      const [rows] = await connection.query<RowDataPacket[] | RowDataPacket[][]>(sql);
      return (Array.isArray(rows) ? (Array.isArray(rows.at(-1)) ? rows.at(-1) : rows) : []) as RowDataPacket[];
    });
  }
}

/** Its database with table t (id, v) on both sides, its endpoints, its channel; running, unless it is not to start. */
export async function openOneWay(stack: Stack, options: OneWayOptions = {}): Promise<OneWay> {
  const way = new OneWay(stack, options);
  const { database, user, endpoints } = way;
  for (const side of [way.from, way.to]) {
    await withAdministrator(way.servers[side], async (connection) => {
      await connection.query(`CREATE DATABASE ${database}`);
      await connection.query(`CREATE TABLE ${database}.t (id BIGINT NOT NULL PRIMARY KEY, v VARCHAR(100) NULL) ENGINE = InnoDB`);
      await connection.query(`CREATE USER IF NOT EXISTS '${user}'@'%' IDENTIFIED BY '${lutraPassword}'`);
      await connection.query(`GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO '${user}'@'%'`);
      await connection.query(`GRANT SELECT, INSERT, UPDATE, TRIGGER ON lutra.* TO '${user}'@'%'`);
      await connection.query(`GRANT DELETE ON lutra.conflict TO '${user}'@'%'`);
      await mayTrySchemaChanges(connection, user);
      await connection.query(
        `GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER, CREATE, ALTER, DROP, INDEX, REFERENCES ON ${database}.* TO '${user}'@'%'`,
      );
    });
  }
  const endpoint = (side: Side, name: string, serverId: number): Parameters<Stack['api']['createEndpoint']>[0] => {
    const { host, port } = way.servers[side];
    return { name, region: stack.regions[side], host, port, user, password: lutraPassword, serverId };
  };
  await stack.api.createEndpoint({ ...endpoint(way.from, endpoints.source, way.serverId), ...options.source });
  await stack.api.createEndpoint(endpoint(way.to, endpoints.target, way.serverId + 500));
  const pipeline = { name: 'rows', ...endpoints, routes: [{ schema: database }], ddl: options.ddl ?? byHand };
  const created = await stack.api.createChannel({ name: way.name, pipelines: [pipeline], onUnsupported: options.onUnsupported ?? 'stop' });
  way.uid = created.pipelines[0]?.uid ?? '';
  if (options.start === false) return way;
  await way.start();
  await way.runs();
  return way;
}

/** Undefined when it did not come to be within the bound. */
export async function until<T>(look: () => Promise<T | undefined>, withinMs = boundMs): Promise<T | undefined> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined || Date.now() > deadline) return found;
    await sleep(pollMs);
  }
}
