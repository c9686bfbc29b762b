/** The answers of a person at a terminal. Servers are asked on the way: who mistypes a password hears it at once. */
import { nameOf, policies, serverOf } from '@lutra/client';
import type { Administrator, Answer, Answers, Side, SideAnswers } from '@lutra/client';
import { bytes, count } from '../output/format.js';
import { textIn } from '../plan-view.js';
import type { Run } from '../verb.js';
import { administratorOf } from './administrators.js';
import { serverIdOf } from './answers.js';
import { isWrongServer } from './preparing.js';
import type { Look, Servers } from './preparing.js';

type Region = Answer<'GET /api/v1/regions'>[number];
type Endpoint = Answer<'GET /api/v1/endpoints'>[number];

export interface Asked {
  readonly answers: Answers;
  readonly servers: Servers;
}

interface Server {
  readonly address: Pick<SideAnswers, 'host' | 'port' | 'tls' | 'admin'>;
  readonly admin: Administrator;
  readonly look: Look;
}

const isLocal = (host: string): boolean => /^(localhost|127(\.\d+){3}|::1)$/.test(host);
const nameRule = (name: string): string | undefined =>
  /^[a-z0-9][a-z0-9-]{0,47}$/.test(name) ? undefined : 'Lower-case letters, digits and "-", at most 48';

export async function ask(run: Run): Promise<Asked> {
  const [regions, endpoints] = [await run.client.call('GET /api/v1/regions'), await run.client.call('GET /api/v1/endpoints')];
  const first = await askServer(run, 'a', 'The first database: host or host:port');
  const a = await askWhere(run, first, { regions, endpoints, taken: null });
  const second = await askServer(run, 'b', 'The second database: host or host:port');
  const b = await askWhere(run, second, { regions, endpoints, taken: a });
  const schemas = await askSchemas(run, first.look, second.look);
  const bothWays = await askWays(run, a, b);
  const home = bothWays ? await askHome(run, a, b) : null;
  const policy = bothWays ? await askPolicy(run) : 'home';
  const channel = await run.prompts.textOr('Name of the channel', nameOf(schemas[0] ?? ''), nameRule);
  const answers: Answers = { channel, a, b, schemas, bothWays, home, policy, ddl: !bothWays, binlog: true };
  return { answers, servers: { a: first.admin, b: second.admin } };
}

async function askServer(run: Run, side: Side, question: string): Promise<Server> {
  for (;;) {
    const [, host = '', port = '3306'] = addressOf(await run.prompts.textOr(question, '127.0.0.1:3306', addressRule)) ?? [];
    const admin = await run.prompts.textOr(`User of an administrator at ${host}`, 'root');
    const tls = isLocal(host) ? null : await askTls(run, host);
    const address = { host, port: Number(port), tls, admin };
    const login = await administratorOf(run, side, address);
    try {
      const body = { endpoint: `init-${side}`, server: serverOf(address), admin: login };
      const look = await run.client.call('POST /api/v1/prepare', { body });
      run.out.note(`MySQL ${look.version}, ${look.schemas.length} schemas`);
      return { address, admin: login, look };
    } catch (error) {
      if (!isWrongServer(error)) throw error;
      run.out.failure((error as Error).message, 'Once more:');
    }
  }
}

/** IPv6 is in brackets where a port follows. */
export function addressOf(text: string): readonly string[] | null {
  return /^\[([0-9a-f:.]+)\](?::(\d{1,5}))?$/i.exec(text) ?? /^([^\s/:@,[\]]+)(?::(\d{1,5}))?$/.exec(text);
}

function addressRule(text: string): string | undefined {
  return addressOf(text) ? undefined : 'host or host:port';
}

async function askTls(run: Run, host: string): Promise<{ readonly ca?: string }> {
  const everybody = 'one that everybody trusts';
  const file = await run.prompts.textOr(`File (PEM) of the authority that signed the certificate of ${host}`, everybody);
  return file === everybody ? {} : { ca: textIn(file) };
}

interface Known {
  readonly regions: readonly Region[];
  readonly endpoints: readonly Endpoint[];
  /** The other side. */
  readonly taken: SideAnswers | null;
}

/** A server that is an endpoint already stays what it is. */
async function askWhere(run: Run, { address }: Server, { regions, endpoints, taken }: Known): Promise<SideAnswers> {
  const endpoint = endpoints.find(({ host, port }) => host === address.host && port === address.port);
  if (endpoint) {
    const { name, region, user, serverId } = endpoint;
    run.out.note(`it is the endpoint ${name} in region ${region}`);
    return { ...address, region, brokers: null, name, user, serverId };
  }
  const region = await askRegion(run, address.host, { regions, endpoints, taken });
  const isNew = !regions.some(({ name }) => name === region);
  const brokers = isNew ? await askBrokers(run, region, { regions, endpoints, taken }) : null;
  const name = freeName(`mysql-${region}`.slice(0, 46), endpoints);
  const user = await run.prompts.textOr(`User that Lutra makes for itself at ${address.host}`, 'lutra');
  return { ...address, region, brokers, name, user, serverId: serverIdOf(name) };
}

export function freeName(name: string, endpoints: readonly { readonly name: string }[]): string {
  for (let n = 1; ; n++) {
    const wanted = n === 1 ? name : `${name}-${n}`;
    if (!endpoints.some((endpoint) => endpoint.name === wanted)) return wanted;
  }
}

async function askRegion(run: Run, host: string, { regions, taken }: Known): Promise<string> {
  const free = regions.filter(({ name }) => name !== taken?.region);
  const another = '(new)';
  const choices = [...free.map(({ name }) => ({ value: name, label: name })), { value: another, label: 'a new region' }];
  const chosen = free.length === 0 ? another : await run.prompts.select(`Region of ${host}`, choices, free[0]?.name ?? another);
  if (chosen !== another) return chosen;
  const wrong = (name: string): string | undefined =>
    nameRule(name) ?? (name === taken?.region ? 'The other database is there' : undefined);
  return run.prompts.textOr(`Name of the region of ${host}`, taken ? 'region-b' : 'region-a', wrong);
}

async function askBrokers(run: Run, region: string, { regions, taken }: Known): Promise<readonly string[]> {
  const usual = taken?.brokers ?? regions[0]?.kafka.brokers ?? ['127.0.0.1:9092'];
  const wrong = (text: string): string | undefined =>
    text.split(',').every((broker) => /^\S+:\d{1,5}$/.test(broker.trim())) ? undefined : 'host:port, several with commas';
  const text = await run.prompts.textOr(`Kafka of ${region}`, usual.join(','), wrong);
  return text.split(',').map((broker) => broker.trim());
}

async function askSchemas(run: Run, a: Look, b: Look): Promise<readonly string[]> {
  const all = new Map([...b.schemas, ...a.schemas].map((schema) => [schema.name, schema]));
  const there = (look: Look, name: string): boolean => look.schemas.some((schema) => schema.name === name);
  const whereOf = (name: string): string => (there(b, name) ? (there(a, name) ? '; on both' : '; on the second') : '');
  const choices = [...all.values()].map(({ name, tables, rows, bytes: size }) => ({
    value: name,
    label: name,
    hint: `${count(tables)} tables, about ${count(rows)} rows, ${bytes(size)}${whereOf(name)}`,
  }));
  const most = [...a.schemas].toSorted((one, other) => other.bytes - one.bytes)[0]?.name;
  if (choices.length === 0) return [await run.prompts.text('Neither has a schema yet. Name of the one to come', '')];
  return run.prompts.several('Schemas to keep the same (space selects, Enter goes on)', choices, most === undefined ? [] : [most]);
}

async function askWays(run: Run, a: SideAnswers, b: SideAnswers): Promise<boolean> {
  const choices = [
    { value: 'both', label: 'both take writes' },
    { value: 'one', label: `from ${a.region} to ${b.region} only` },
  ] as const;
  return (await run.prompts.select('Who takes writes?', choices, 'both')) === 'both';
}

function askHome(run: Run, a: SideAnswers, b: SideAnswers): Promise<string> {
  const choices = [a, b].map(({ region }) => ({ value: region, label: region }));
  return run.prompts.select('Home: the region that has the last word about a row', choices, a.region);
}

const policyHints: Readonly<Record<(typeof policies)[number], string>> = {
  home: 'the row of home wins',
  merge: 'columns that only one side changed are both kept',
  stop: 'the pipeline stops, and a person decides',
};

async function askPolicy(run: Run): Promise<Answers['policy']> {
  const choices = policies.map((value) => ({ value, label: value, hint: policyHints[value] }));
  return run.prompts.select('If both sides change one row at the same time', choices, 'home');
}
