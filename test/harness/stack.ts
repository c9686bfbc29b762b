/**
 * The whole product on real servers: ZooKeeper, Kafka, two MySQL servers in two regions, and control, two captures and two loaders, each a
 * process of its own as in production. Nothing is left behind: not after `stop()`, not after a failed start, not after the death of this
 * process. LUTRA_MYSQL_A, LUTRA_MYSQL_B, LUTRA_KAFKA and LUTRA_ZOOKEEPER name servers to use instead.
 */
import { randomBytes } from 'node:crypto';
import { copyFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions } from 'mysql2/promise';
import {
  kafkaFromEnvironment,
  type KafkaServer,
  mysqlFromEnvironment,
  type MysqlServer,
  prepare,
  type Server,
  type ServerKind,
  zooKeeperFromEnvironment,
  type ZooKeeperServer,
} from '../servers/index.js';
import { Api, type ChannelStatus } from './api.js';
import { type AppName, AppProcess } from './app-process.js';
import { drain, report } from './drain.js';
import { asAdministrator, grantDatabase, lutraPassword, lutraUser, prepareEndpoint, probeDatabase, publicKeyOf } from './endpoint-setup.js';
import { FilesSite } from './files-site.js';
import { keySpaceOptions, type Letter, type Side, sides } from './sides.js';
import type { ChannelOptions, Log, StackOptions } from './stack-options.js';

/** A server that is given to the tests proves by its key who it is. */
const withoutTls = { mode: 'off' } as const;

interface Created {
  readonly name: string;
  readonly from: readonly Letter[];
}

/** A region with its database server and who works there. */
export interface Site {
  readonly letter: Letter;
  readonly region: string;
  /** Name of the endpoint; newEndpoints() gives it another one. */
  endpoint: string;
  readonly mysql: MysqlServer;
  readonly capture: AppProcess;
  readonly loader: AppProcess;
  /** Where files of rows were asked for. */
  readonly files?: FilesSite | undefined;
}

const runningBoundMs = 120_000;

export class Stack {
  readonly regions: Readonly<Record<Side, string>>;
  readonly zooKeeper: ZooKeeperServer;
  readonly kafka: KafkaServer;
  readonly mysql: Readonly<Record<Side, MysqlServer>>;
  readonly control: AppProcess;
  readonly capture: Readonly<Record<Side, AppProcess>>;
  /** By the side that it writes. */
  readonly loader: Readonly<Record<Side, AppProcess>>;
  /** A second capture and loader of each side, where they were asked for. Who works and who stands by is up to them. */
  readonly second: Readonly<Record<'capture' | 'loader', Readonly<Record<Side, AppProcess>>>> | undefined;
  /** Side a, side b, and the third region where it was asked for. */
  readonly sites: readonly Site[];
  readonly api: Api;
  readonly token = randomBytes(16).toString('hex');
  /** ZooKeeper path of this stack alone. */
  readonly root = `/lutra-${randomBytes(6).toString('hex')}`;
  readonly #log: Log;
  readonly #options: StackOptions;
  readonly #secretKey = randomBytes(32).toString('base64');
  #channel: Created | undefined;
  /** How often the endpoints got new names. */
  #renewals = 0;

  constructor(options: StackOptions) {
    this.#options = options;
    this.#log = options.log ?? (() => undefined);
    const [a, b] = options.regions ?? ['hangzhou', 'california'];
    const versions = { a: options.mysql ?? '9.7', b: options.mysqlB ?? options.mysql ?? '9.7' };
    this.regions = { a, b };
    this.zooKeeper = zooKeeperFromEnvironment({ extra: options.zooKeeperExtra });
    this.kafka = kafkaFromEnvironment({ extra: { ...this.#advertised(), ...options.kafkaExtra }, secure: options.secured?.kafka });
    const mysql = (side: Side, serverId: number): MysqlServer =>
      mysqlFromEnvironment(side === 'a' ? 'A' : 'B', {
        version: versions[side],
        serverId,
        name: `mysql-${this.regions[side]}`,
        extra: [...keySpaceOptions(side), ...(options.mysqlExtra ?? [])],
      });
    this.mysql = { a: mysql('a', 1), b: mysql('b', 2) };
    // Topics are named after endpoints: on a Kafka that outlives us the name must be new.
    const suffix = this.kafka.external ? `-${randomBytes(3).toString('hex')}` : '';
    const app = (name: AppName, region?: string, suffix = ''): AppProcess =>
      new AppProcess({ app: name, name: region ? `${name}-${region}${suffix}` : name, environment: () => this.#environment(name, region) });
    const both = (name: AppName, suffix?: string): Record<Side, AppProcess> => ({ a: app(name, a, suffix), b: app(name, b, suffix) });
    this.control = app('control');
    this.capture = both('capture');
    this.loader = both('loader');
    this.second = options.standbys ? { capture: both('capture', '-2'), loader: both('loader', '-2') } : undefined;
    const { roots } = options;
    const filesOf = (region: string): FilesSite | undefined =>
      roots && new FilesSite({ region, roots, environment: () => this.#environment('files', region) });
    const site = (side: Side): Site => ({
      letter: side,
      region: this.regions[side],
      endpoint: `mysql-${this.regions[side]}${suffix}`,
      mysql: this.mysql[side],
      capture: this.capture[side],
      loader: this.loader[side],
      files: filesOf(this.regions[side]),
    });
    const third = (region: string): Site => ({
      letter: 'c',
      region,
      endpoint: `mysql-${region}${suffix}`,
      mysql: mysqlFromEnvironment('C', { version: versions.a, serverId: 3, name: `mysql-${region}`, extra: options.mysqlExtra }),
      capture: app('capture', region),
      loader: app('loader', region),
      files: filesOf(region),
    });
    this.sites = [...sides.map(site), ...(options.third ? [third(options.third)] : [])];
    options.network?.join({
      targets: { zookeeper: this.zooKeeper, kafka: this.kafka, 'mysql-a': this.mysql.a, 'mysql-b': this.mysql.b },
      apps: () => new Map(this.apps.flatMap(({ pid, name }) => (pid === undefined ? [] : [[pid, name] as const]))),
    });
    for (const one of this.apps) one.build = options.build ?? one.build;
    this.api = new Api(() => this.control.url, this.token);
  }

  /** Names of the endpoints. */
  get endpoints(): Readonly<Record<Side, string>> {
    return { a: this.site('a').endpoint, b: this.site('b').endpoint };
  }

  get servers(): readonly Server[] {
    return [this.zooKeeper, this.kafka, ...this.sites.map(({ mysql }) => mysql)];
  }

  get apps(): readonly AppProcess[] {
    const { capture, loader } = this.second ?? {};
    const working = [
      ...this.sites.map((site) => site.capture),
      ...this.sites.map((site) => site.loader),
      ...this.sites.map((site) => site.files?.app),
    ];
    const all = [this.control, ...working, capture?.a, capture?.b, loader?.a, loader?.b];
    return all.filter((app) => app !== undefined);
  }

  /** An app of a region that is neither side's. Who asks for it starts and stops it. */
  appOf(app: 'capture' | 'loader', region: string): AppProcess {
    return new AppProcess({ app, name: `${app}-${region}`, environment: () => this.#environment(app, region) });
  }

  /** root, or whom the environment variable names. */
  connection(letter: Letter): ConnectionOptions {
    return asAdministrator(this.site(letter).mysql);
  }

  site(letter: Letter): Site {
    const site = this.sites.find((one) => one.letter === letter);
    if (!site) throw new Error(`there is no side ${letter}`);
    return site;
  }

  /** Starts all; on failure stops what was started. */
  async start(): Promise<void> {
    try {
      await this.#startServers();
      await this.#startApps();
      if (!this.#options.bare) await this.#configure();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /**
   * Creates the channel, stopped: a pipeline from each side to each other one, or to and from a hub. The databases must be there, alike on
   * all sides.
   */
  async createChannel({
    name = `shop${this.#renewals || ''}`,
    databases = ['shop'],
    routes,
    from = this.sites.map(({ letter }) => letter),
    hub,
    conflicts,
    ddl,
    seed = false,
  }: ChannelOptions = {}): Promise<void> {
    for (const database of [...databases, probeDatabase]) {
      for (const { mysql } of this.sites) await grantDatabase(mysql, database, { create: seed });
    }
    const replicated = [...(routes ?? databases.map((schema) => ({ schema }))), { schema: probeDatabase, table: 'probes' }];
    await this.api.createChannel({
      name,
      pipelines: from.flatMap((letter) => {
        const source = this.site(letter);
        return this.sites
          .filter((target) => target !== source && (hub === undefined || [letter, target.letter].includes(hub)))
          .map((target) => ({
            name: `${source.region}-${target.region}`.slice(0, 48),
            source: source.endpoint,
            target: target.endpoint,
            routes: replicated,
            forwards: letter === hub,
            ...(ddl && { ddl }),
          }));
      }),
      ...(conflicts ? { conflicts } : {}),
      ...(seed ? { seed } : {}),
    });
    this.#channel = { name, from };
  }

  /** Of ZooKeeper; undefined: it is open. */
  get digest(): string | undefined {
    return this.#options.environment?.['ZOOKEEPER_DIGEST'];
  }

  get channel(): string {
    if (!this.#channel) throw new Error('there is no channel yet: createChannel()');
    return this.#channel.name;
  }

  /** Endpoints of new names, and so topics, for the next channel: what earlier ones left behind says nothing of it. */
  async newEndpoints(): Promise<void> {
    this.#renewals += 1;
    for (const site of this.sites) site.endpoint = `${site.endpoint.replace(/-again\d+$/, '')}-again${this.#renewals}`;
    await this.#createEndpoints();
  }

  /** Starts the channel and waits until it runs. @throws with the list of problems if control refuses. */
  async startChannel(boundMs = runningBoundMs): Promise<void> {
    await this.api.channelAction(this.channel, 'start');
    await this.waitUntilRunning(boundMs);
  }

  async waitUntilRunning(boundMs = runningBoundMs): Promise<void> {
    const deadline = Date.now() + boundMs;
    while (Date.now() < deadline) {
      const status = await this.api.channelStatus(this.channel).catch(() => undefined);
      if (status && isRunning(status)) return;
      await sleep(200);
    }
    throw new Error(`the channel ${this.channel} does not run after ${boundMs / 1000} s.\n${await this.report()}`);
  }

  /** Waits until everything that any side committed is on the others; writers must be quiet. */
  async drain(boundMs = 120_000): Promise<void> {
    const from = this.#channel?.from ?? [];
    await drain({ sites: this.sites, api: this.api, apps: this.apps, channel: this.channel, from }, boundMs);
  }

  /** What the apps say about themselves, for an error message. */
  async report(): Promise<string> {
    return report({ api: this.api, apps: this.apps, channel: this.channel });
  }

  /** Copies the logs of the apps and the servers, which `stop()` removes, to a new folder. */
  async saveLogs(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'lutra-logs-'));
    for (const app of this.apps) await app.saveLog(folder);
    for (const { name, logFile } of this.servers) if (logFile) await copyFile(logFile, join(folder, `${name}.log`)).catch(() => undefined);
    return folder;
  }

  async stop(): Promise<void> {
    await Promise.all(this.apps.map((app) => app.stop()));
    await Promise.all(this.sites.map(async ({ files }) => files?.remove()));
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  async #startServers(): Promise<void> {
    await prepare(this.#kinds(), this.#log);
    await Promise.all(
      this.servers.map(async (server) => {
        await server.start();
        this.#log(`${server.name} answers on ${server.host}:${server.port}`);
      }),
    );
    if (!this.#options.bare) await Promise.all(this.sites.map(({ mysql }) => prepareEndpoint(mysql)));
    // Late: a port is free only for a while.
    await Promise.all(this.sites.map(async ({ files }) => files?.prepare(this.#log)));
  }

  /** What has to be on this machine. */
  #kinds(): ServerKind[] {
    const mysql = this.sites.map(
      ({ mysql: { external, version } }) => !external && (version === 'mariadb-11.4' ? version : (`mysql-${version}` as const)),
    );
    const others: (ServerKind | false)[] = [!this.zooKeeper.external && 'zookeeper', !this.kafka.external && 'kafka'];
    if (this.#options.roots) others.push('aria2');
    return [...others, ...mysql].filter((kind) => kind !== false);
  }

  async #startApps(): Promise<void> {
    await Promise.all(
      this.apps.map(async (app) => {
        await app.start();
        await app.waitReady();
        this.#log(`${app.name} is ready (process ${app.pid}, ${app.url})`);
      }),
    );
  }

  async #configure(): Promise<void> {
    const { network } = this.#options;
    const brokers = network ? [network.at('kafka').address] : this.kafka.bootstrap.split(',');
    const { secured } = this.#options;
    if (this.kafka.secured) await secured?.prepare(this.kafka);
    for (const { region, letter } of this.sites) {
      const kafka = this.kafka.secured && secured?.regionOf(this.kafka, { byReference: letter === 'b' });
      await this.api.createRegion({ name: region, kafka: kafka ?? { brokers } });
    }
    await this.#createEndpoints();
  }

  async #createEndpoints(): Promise<void> {
    const { network } = this.#options;
    for (const [index, { letter, region, endpoint, mysql }] of this.sites.entries()) {
      const { host, port } = (letter === 'c' ? undefined : network?.at(`mysql-${letter}`)) ?? mysql;
      const publicKey = await publicKeyOf(mysql);
      const serverId = 1001 + index + 10 * this.#renewals;
      const password = (letter === 'b' && this.#options.secured?.databasePassword) || lutraPassword;
      const access = { host, port, user: lutraUser, password, serverId, publicKey, ...(mysql.external && { tls: withoutTls }) };
      await this.api.createEndpoint({ name: endpoint, region, ...access, ...this.#options.endpoint });
    }
  }

  /** Kafka's clients go where it says that it is. */
  #advertised(): Readonly<Record<string, string>> {
    const { network } = this.#options;
    return network ? { 'advertised.listeners': `PLAINTEXT://${network.at('kafka').address}` } : {};
  }

  #environment(app: AppName, region: string | undefined): Readonly<Record<string, string>> {
    return {
      ZOOKEEPER: this.#options.network?.at('zookeeper').address ?? this.zooKeeper.connect,
      LUTRA_ROOT: this.root,
      ...(this.zooKeeper.external ? { LUTRA_ZOOKEEPER_OPEN: 'yes' } : {}),
      ...(this.#options.secured?.environment ?? { LUTRA_SECRET_KEY: this.#secretKey }),
      LOG_LEVEL: 'info',
      ...(region ? { LUTRA_REGION: region } : {}),
      ...(app === 'control' ? { LUTRA_API_TOKEN: this.token } : {}),
      ...this.#options.environment,
    };
  }
}

/** Everything up, no channel yet. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const stack = new Stack(options);
  await stack.start();
  return stack;
}

function isRunning({ pipelines }: ChannelStatus): boolean {
  return pipelines.every(({ source, target }) => source.state === 'running' && target.state === 'running');
}
