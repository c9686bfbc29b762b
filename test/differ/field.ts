/**
 * Where the rounds are run: the product with a channel one way and another both ways, and MySQL's own replica of side a. All servers have
 * the same time zone. Databases `one_*` go from a to b, `both_*` both ways; each round has its own.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import type { z } from 'zod';
import type { routeSchema } from '@lutra/model';
import { NativeReplica } from '../bench/native-replica.js';
import {
  ApiError,
  type ChannelStatus,
  type EndStatus,
  type Log,
  type PipelineStatus,
  type Problem,
  type Side,
  sides,
  Stack,
  withAdministrator,
} from '../harness/index.js';
import { grantDatabase } from '../harness/endpoint-setup.js';
import { rules } from './two-way-tables.js';

type Route = z.input<typeof routeSchema>;
type Refusal = Pick<Problem, 'id' | 'what'>;

export type Way = 'one' | 'both';

export interface FieldOptions {
  readonly mysql: '8.0' | '9.7';
  readonly zone: string;
  readonly ways: readonly Way[];
  readonly log: Log;
}

/** An end of a pipeline that waits for an operator. */
export interface Stop {
  readonly app: 'capture' | 'loader';
  readonly pipeline: string;
  readonly endpoint: string;
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Never left: a table that left a route does not come back without a word. `one_x…` are routed by name. */
const always: Readonly<Record<Way, readonly Route[]>> = {
  one: [{ schema: 'one_probe' }, { schema: 'one_w*' }],
  both: [{ schema: 'both_*' }],
};
const pollMs = 40;
const runsMs = 90_000;
/** What the target shows by then is met by itself. */
const metMs = 8_000;

export class Field {
  readonly stack: Stack;
  readonly replica: NativeReplica;
  readonly #options: FieldOptions;
  readonly #connections = new Map<string, Connection>();
  /** What the replica said, where it stopped by itself; the rounds empty it. */
  readonly replicaRefused: string[] = [];
  #probe = 0;
  #routes = JSON.stringify(always.one);

  constructor(options: FieldOptions) {
    const { mysql, zone, log } = options;
    const extra = [`--default-time-zone=${zone}`, '--local-infile=ON', '--log-bin-trust-function-creators=ON', '--event-scheduler=OFF'];
    this.stack = new Stack({ mysql, log, mysqlExtra: extra });
    this.replica = new NativeReplica(mysql, [...extra, mysql === '9.7' ? '--replica-parallel-workers=1' : '--slave-parallel-workers=1']);
    this.#options = options;
  }

  async start(): Promise<void> {
    const { stack, replica } = this;
    await stack.start();
    for (const way of this.#options.ways) await this.#createProbe(way);
    if (this.#options.ways.includes('one')) {
      await replica.start(stack.mysql.a);
      await replica.run();
    }
    for (const way of this.#options.ways) await this.#createChannel(way);
    for (const way of this.#options.ways) await this.#startChannel(way);
  }

  async stop(): Promise<void> {
    for (const connection of this.#connections.values()) connection.destroy();
    await Promise.all([this.stack.stop(), this.replica.stop()]);
  }

  /** An administrator's; kept. */
  async at(where: Side | 'replica'): Promise<Connection> {
    const known = this.#connections.get(where);
    if (known) return known;
    const options = where === 'replica' ? this.replica.at : this.stack.connection(where);
    const connection = await createConnection({ ...options, multipleStatements: true });
    this.#connections.set(where, connection);
    return connection;
  }

  async rows(where: Side | 'replica', sql: string): Promise<readonly RowDataPacket[]> {
    const [rows] = await (await this.at(where)).query<RowDataPacket[]>(sql);
    return rows;
  }

  /**
   * Waits until all that was committed at the sides is on the others; writers must be quiet. @returns why not, if a pipeline stopped or
   * nothing moves
   */
  async quiet(way: Way, boundMs = 120_000): Promise<Stop | undefined> {
    const from: readonly Side[] = way === 'one' ? ['a'] : sides;
    for (let round = way === 'one' ? 1 : 0; round < 2; round++) {
      for (const side of from) {
        const stop = await this.passes(way, side, boundMs);
        if (stop) return stop;
      }
    }
    if (way === 'one') await this.replicated(boundMs);
    return undefined;
  }

  /** A probe row arrives, or a pipeline stops. */
  async passes(way: Way, from: Side, boundMs = 60_000): Promise<Stop | undefined> {
    const wanted = ++this.#probe;
    await this.rows(from, `UPDATE ${way}_probe.probes SET n = ${wanted} WHERE side = '${from}'`);
    const to = from === 'a' ? 'b' : 'a';
    for (const deadline = Date.now() + boundMs; Date.now() < deadline; await sleep(pollMs)) {
      const [row] = await this.rows(to, `SELECT n FROM ${way}_probe.probes WHERE side = '${from}'`);
      if (Number(row?.['n']) >= wanted) return undefined;
      const stop = await this.stopped(way);
      if (stop) return stop;
    }
    return this.#stuck(way);
  }

  /** The way behind a stop with this code is free; the status may show the stop for a moment. */
  async goesOn(code: string | undefined, boundMs = 60_000): Promise<Stop | undefined> {
    for (const deadline = Date.now() + boundMs; ; await sleep(5 * pollMs)) {
      const stop = await this.passes('one', 'a');
      if (!stop || stop.code !== code || Date.now() > deadline) return stop;
    }
  }

  async stopped(way: Way): Promise<Stop | undefined> {
    for (const pipeline of (await this.status(way)).pipelines) {
      for (const [app, end] of [
        ['capture', pipeline.source],
        ['loader', pipeline.target],
      ] as const) {
        const error = end.worker?.lastError;
        const { hold } = end.worker ?? {};
        const isHeld = end.state === 'held' && hold && Date.now() - hold.since > metMs;
        if ((end.state === 'failed' || isHeld) && error) return { app, pipeline: pipeline.name, endpoint: end.endpoint, ...error };
      }
    }
    return undefined;
  }

  status(way: Way): Promise<ChannelStatus> {
    return this.stack.api.channelStatus(way);
  }

  async runs(way: Way): Promise<void> {
    for (const deadline = Date.now() + runsMs; Date.now() < deadline; await sleep(pollMs)) {
      const { pipelines, routes } = await this.status(way);
      if (pipelines.some(({ target }) => target.state === 'failed')) break;
      if (routes === 'in force' && pipelines.every(({ source, target }) => source.state === 'running' && target.state === 'running'))
        return;
    }
    throw new Error(`channel ${way} does not run: ${JSON.stringify((await this.status(way)).pipelines.map(describe))}`);
  }

  /** Replaces parts of a document. */
  async change(path: string, part: object): Promise<void> {
    const headers = { authorization: `Bearer ${this.stack.token}`, 'content-type': 'application/json', 'if-match': '*' };
    const body = JSON.stringify({ ...(await this.stack.api.request<object>('GET', `/api/v1/${path}`)), ...part });
    const response = await fetch(`${this.stack.control.url}/api/v1/${path}`, { method: 'PUT', headers, body });
    if (!response.ok) throw new ApiError(`PUT ${path}`, response.status, await response.json());
  }

  /** Which tables of a round's database go from a to b; those with a wildcard by default. @returns what the checks have against it */
  async route(routes: readonly Route[] | undefined): Promise<readonly Refusal[]> {
    const wanted = [...always.one, ...(routes ?? [])];
    if (JSON.stringify(wanted) === this.#routes) return [];
    const { endpoints } = this.stack;
    const pipelines = [{ name: 'a-b', source: endpoints.a, target: endpoints.b, routes: wanted, ddl: { default: 'stop' } }];
    const refused = await this.change('channels/one', { pipelines }).then(
      () => [],
      (error: unknown) => problemsOf(error),
    );
    if (refused.length > 0) return refused;
    this.#routes = JSON.stringify(wanted);
    await this.runs('one');
    return [];
  }

  async #createProbe(way: Way): Promise<void> {
    const table = `CREATE TABLE ${way}_probe.probes (side CHAR(1) NOT NULL PRIMARY KEY, n BIGINT NOT NULL)`;
    for (const side of sides) {
      await withAdministrator(this.stack.mysql[side], async (connection) => {
        await connection.query(`CREATE DATABASE ${way}_probe; ${table}; INSERT INTO ${way}_probe.probes VALUES ('a', 0), ('b', 0)`);
      });
      // The check asks for a GRANT that is as wide as the route, by its own pattern.
      for (const wide of way === 'one' ? [`${way}\\_%`, `${way}\\_w%`] : [`${way}\\_%`]) await grantDatabase(this.stack.mysql[side], wide);
    }
  }

  async #createChannel(way: Way): Promise<void> {
    const { api, endpoints } = this.stack;
    const routes = [...always[way]];
    const pipeline = (source: Side, target: Side) => ({
      name: `${source}-${target}`,
      source: endpoints[source],
      target: endpoints[target],
      routes: [...routes],
      // Both sides get their statements by hand.
      ddl: { default: 'stop' as const },
    });
    const pipelines = way === 'one' ? [pipeline('a', 'b')] : [pipeline('a', 'b'), pipeline('b', 'a')];
    const conflicts = { home: this.stack.regions.a, rules: [...rules, { schema: 'both_probe', policy: 'home' as const }] };
    // What cannot be replicated is to be seen, not left out.
    await api.createChannel({ name: way, pipelines, onUnsupported: 'stop', ...(way === 'both' ? { conflicts } : {}) });
  }

  /** A log that begins with another channel's start says nothing about where ours begins: nothing of its tables was written yet. */
  async #startChannel(way: Way): Promise<void> {
    const { api } = this.stack;
    await api.channelAction(way, 'start');
    await this.runs(way).catch(async (error: unknown) => {
      const stop = await this.stopped(way);
      if (stop?.app !== 'loader') throw error;
      const body = { at: 'end', reason: 'nothing was written yet', accept: true };
      await api.request('POST', `/api/v1/channels/${way}/pipelines/${stop.pipeline}/restart`, body);
      await this.runs(way);
    });
  }

  /** Past what stops the replica: nothing can be asked there, and a stop of Lutra's is no worse. */
  async replicated(boundMs = 120_000): Promise<void> {
    const [row] = await this.rows('a', 'SELECT @@GLOBAL.gtid_executed AS s');
    const set = String(row?.['s']).replaceAll(/\s/g, '');
    for (const deadline = Date.now() + boundMs; Date.now() < deadline;) {
      const [waited] = await this.rows('replica', `SELECT WAIT_FOR_EXECUTED_GTID_SET('${set}', 1) AS late`);
      if (Number(waited?.['late']) === 0) return;
      const refused = await this.replica.skip();
      if (refused !== undefined) this.replicaRefused.push(`${refused} ${await this.#lastOfLog()}`);
    }
    await this.replica.verify();
    throw new Error('the replica does not catch up');
  }

  async #lastOfLog(): Promise<string> {
    const lines = await readFile(this.replica.server.logFile ?? '', 'utf8').then(
      (all) => all.split('\n').filter((line) => /\[ERROR\].*Worker/.test(line)),
      () => [],
    );
    return lines.at(-1) ?? '';
  }

  async #stuck(way: Way): Promise<Stop> {
    const { pipelines } = await this.status(way);
    return { app: 'loader', pipeline: way, endpoint: '', code: 'STUCK', message: JSON.stringify(pipelines.map(describe)), details: {} };
  }
}

/** @throws what is no refusal */
function problemsOf(error: unknown): readonly Refusal[] {
  if (!(error instanceof ApiError) || error.status !== 409) throw error;
  const { details } = error.body as { details: { problems: readonly Refusal[] } };
  return details.problems;
}

function describe({ name, source, target }: PipelineStatus): object {
  const end = ({ state, reason, worker }: EndStatus): object => ({ state, reason, seq: worker?.seq, error: worker?.lastError?.message });
  return { name, capture: end(source), loader: end(target) };
}
