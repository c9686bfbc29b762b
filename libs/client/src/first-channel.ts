/**
 * What makes a channel between two servers: the answers that `lutra init` and the console ask for, and what follows from them without
 * another question: the lutra.yaml, and what each server is prepared for. No secret is in the answers.
 */

export const policies = ['home', 'merge', 'stop'] as const;
export type Policy = (typeof policies)[number];

export interface SideAnswers {
  readonly host: string;
  readonly port: number;
  /** `ca`: PEM; none: an authority that everybody trusts. null: without TLS, on this machine alone. */
  readonly tls: { readonly ca?: string } | null;
  /** The user of its administrator. */
  readonly admin: string;
  readonly region: string;
  /** Of a region that is new. */
  readonly brokers: readonly string[] | null;
  /** Of the endpoint. */
  readonly name: string;
  /** That the endpoint logs in as. */
  readonly user: string;
  readonly serverId: number;
}

export interface Answers {
  readonly channel: string;
  readonly a: SideAnswers;
  readonly b: SideAnswers;
  readonly schemas: readonly string[];
  readonly bothWays: boolean;
  /** Both ways: the region that has the last word. */
  readonly home: string | null;
  readonly policy: Policy;
  /** Schema changes are carried out at the other side too. */
  readonly ddl: boolean;
  /** The users and their rights go into the binlogs. */
  readonly binlog: boolean;
}

export type Side = 'a' | 'b';

export interface Administrator {
  readonly user: string;
  readonly password: string;
}

/** A schema's name as a name of ours. */
export function nameOf(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 48);
  return name === '' ? 'channel' : name;
}

/** Its channel has no state: one that is new is stopped, one that runs goes on. */
export interface InitDocument {
  readonly version: 1;
  readonly regions: readonly object[];
  readonly endpoints: readonly object[];
  readonly channels: readonly object[];
}

/** @param there Names of endpoints that are configured already: they stay as they are. */
export function documentOf(answers: Answers, there: readonly string[] = []): InitDocument {
  const { a, b } = answers;
  const sides = [a, b];
  return {
    version: 1,
    regions: sides.flatMap(({ region, brokers }) => (brokers ? [{ name: region, kafka: { brokers } }] : [])),
    endpoints: sides.filter(({ name }) => !there.includes(name)).map(endpointOf),
    channels: [channelOf(answers)],
  };
}

function endpointOf({ name, region, host, port, user, tls, serverId }: SideAnswers): object {
  return { name, region, host, port, user, ...(tls && { tls }), serverId };
}

function channelOf({ channel, a, b, schemas, bothWays, home, policy, ddl }: Answers): object {
  const routes = schemas.map((schema) => ({ schema }));
  const pipeline = (from: SideAnswers, to: SideAnswers): object => ({
    name: pipelineName(from, to),
    source: from.name,
    target: to.name,
    routes,
    ...(bothWays === ddl && { ddl: { default: ddl ? 'apply' : 'stop' } }),
  });
  return {
    name: channel,
    seed: true,
    pipelines: bothWays ? [pipeline(a, b), pipeline(b, a)] : [pipeline(a, b)],
    ...(bothWays && { conflicts: { home, rules: [{ policy }] } }),
  };
}

function pipelineName(from: SideAnswers, to: SideAnswers): string {
  return `${from.region.slice(0, 22)}-to-${to.region.slice(0, 22)}`;
}

/** With the passwords of endpoints that are not there yet, and what is wanted of the channel. */
export function withSecrets(document: InitDocument, passwords: ReadonlyMap<string, string>, state?: 'running'): object {
  const endpoints = document.endpoints.map((endpoint) => {
    const password = passwords.get((endpoint as { readonly name: string }).name);
    return password === undefined ? endpoint : { ...endpoint, password };
  });
  return { ...document, endpoints, channels: document.channels.map((channel) => (state ? { ...channel, state } : channel)) };
}

export function serverOf({ host, port, tls }: Pick<SideAnswers, 'host' | 'port' | 'tls'>) {
  return { host, port, ...(tls && { tls }) };
}

/** What control is asked to find missing on one of the two servers. */
export function preparationOf(answers: Answers, side: Side, admin: Administrator) {
  const { bothWays, schemas, ddl, binlog } = answers;
  const { name, user, ...at } = answers[side];
  return {
    endpoint: name,
    server: serverOf(at),
    admin,
    account: { user },
    source: side === 'a' || bothWays,
    target: side === 'b' || bothWays,
    bothWays,
    schemas: [...schemas],
    ddl,
    creates: true,
    binlog,
  };
}
