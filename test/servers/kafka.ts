/**
 * Kafka 4.3 on KRaft: one node, broker and controller in one process. Topics are made by whoever needs them, never by chance.
 * Formatting a log folder costs a Java start, so it is done once; each server gets a copy with ids of its own. So is loading Kafka's
 * classes: a JVM that maps them from an archive starts for half the CPU. One that cannot (of another version) starts as it did without.
 */
import { constants, existsSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cache.js';
import { ChildServer } from './child-server.js';
import { run } from './command.js';
import { ExternalServer } from './external-server.js';
import { knowsItsBroker } from './kafka-metadata.js';
import type { Recipe } from './launch.js';
import { copyJars, tidy } from './maven.js';
import { securedAt, securePorts, secureProperties, withSecure } from './kafka-secure.js';
import type { KafkaOptions, KafkaServer, Log, SecureBootstrap } from './server.js';

const version = '4.3.0';
const propertiesFile = 'server.properties';
const archive = 'classes.jsa';
const archiveBoundMs = 120_000;
/** Its clients', and its controller's. */
const ownPorts = 2;

export function kafkaServer(options: KafkaOptions = {}): KafkaServer {
  const name = options.name ?? 'kafka';
  if (options.external) return new ExternalKafka(name, options.external);
  const archived = async (): Promise<string> => `-XX:SharedArchiveFile=${join((await prepareKafka(() => undefined)).classes, archive)}`;
  return new ChildKafka(recipe(name, options, archived));
}

class ChildKafka extends ChildServer implements KafkaServer {
  get bootstrap(): string {
    return `${this.host}:${this.port}`;
  }

  get secured(): SecureBootstrap | undefined {
    return this.ports.length > ownPorts ? securedAt(this.host, this.ports.slice(ownPorts)) : undefined;
  }
}

class ExternalKafka extends ExternalServer implements KafkaServer {
  readonly bootstrap: string;
  readonly secured = undefined;

  constructor(name: string, bootstrap: string) {
    const [host = '', port = '9092'] = (bootstrap.split(',')[0] ?? '').trim().split(':');
    super(name, host, Number(port));
    this.bootstrap = bootstrap;
  }
}

/** Downloads Kafka, formats a log folder and archives the classes. Resolves to the folders of all three. */
export async function prepareKafka(log: Log): Promise<{ libs: string; template: string; classes: string }> {
  const files = await prepareFiles(log);
  const classes = await cached(`kafka-${version}-classes-1`, async (draft) => {
    log('kafka: archiving its classes');
    const server = new ChildKafka(recipe('kafka-classes', {}, async () => `-XX:ArchiveClassesAtExit=${join(draft, archive)}`));
    await server.start();
    await server.stop(archiveBoundMs); // it writes the archive as it ends
  });
  return { ...files, classes };
}

async function prepareFiles(log: Log): Promise<{ libs: string; template: string }> {
  const libs = await cached(`kafka-${version}`, async (draft) => {
    log(`kafka: downloading ${version} (46 MB)`);
    await copyJars(
      [
        { group: 'org.apache.kafka', id: 'kafka_2.13', version },
        { group: 'org.slf4j', id: 'slf4j-simple', version: '1.7.36' },
      ],
      draft,
    );
  });
  const template = await cached(`kafka-${version}-data-1`, async (draft) => {
    log('kafka: formatting');
    const file = await writeProperties(draft, [9092, 9093], {});
    await run('java', ['-cp', `${libs}/*`, 'kafka.tools.StorageTool', 'format', '-t', randomId(), '-c', file], { timeoutMs: 120_000 });
  });
  return { libs, template };
}

function recipe(name: string, { extra = {}, secure }: KafkaOptions, classes: () => Promise<string>): Recipe {
  return {
    name,
    ports: secure ? ownPorts + securePorts : ownPorts,
    fill: async (folder) => {
      const { template } = await prepareFiles(() => undefined);
      await copyTemplate(join(template, 'data'), join(folder, 'data'));
    },
    command: async (folder, ports) => {
      const { libs } = await prepareFiles(() => undefined);
      const own = secure ? { ...(await secureProperties(secure, folder)), ...extra } : extra;
      const file = await writeProperties(folder, ports, { ...(wasKilled(folder) ? shortSession : {}), ...own });
      return { command: 'java', args: ['-Xmx512m', await classes(), ...tidy(folder), '-cp', `${libs}/*`, 'kafka.Kafka', file] };
    },
    answers: knowsItsBroker,
  };
}

/**
 * After a SIGKILL the controller refuses the broker until the session of its former self ends, 9 s by default. A short session on
 * a busy machine ends by itself, so only those have it that were killed.
 */
const shortSession = { 'broker.session.timeout.ms': '2500', 'broker.heartbeat.interval.ms': '500' };

function wasKilled(folder: string): boolean {
  return existsSync(join(folder, propertiesFile)) && !existsSync(join(folder, 'data/.kafka_cleanshutdown'));
}

/** Two clusters must not pass for one: the copy gets its own cluster and directory id. */
async function copyTemplate(template: string, data: string): Promise<void> {
  await cp(template, data, { recursive: true, mode: constants.COPYFILE_FICLONE });
  const file = join(data, 'meta.properties');
  const text = await readFile(file, 'utf8');
  await writeFile(
    file,
    text.replace(/^(cluster\.id|directory\.id)=.*$/gm, (_, key: string) => `${key}=${randomId()}`),
  );
}

async function writeProperties(folder: string, ports: readonly number[], extra: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(join(folder, 'data'), { recursive: true });
  const file = join(folder, propertiesFile);
  const all = { ...properties(folder, ports), ...extra };
  const listening = ports.length > ownPorts ? withSecure(all, ports.slice(ownPorts)) : all;
  const lines = Object.entries(listening).map(([key, value]) => `${key}=${value}\n`);
  await writeFile(file, lines.join(''));
  return file;
}

function properties(folder: string, [port = 0, controllerPort = 0]: readonly number[]): Record<string, string> {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(folder, 'data'),
    'auto.create.topics.enable': 'false',
    'group.initial.rebalance.delay.ms': '0',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
  };
}

/** Kafka's form of a UUID: 16 bytes in URL-safe base64. A leading dash is avoided, as Kafka itself does. */
function randomId(): string {
  const id = Buffer.from(crypto.randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
  return id.startsWith('-') ? randomId() : id;
}
