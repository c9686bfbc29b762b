/** The lutra.yaml that follows from the answers. Its channel has no state: one that is new is stopped, one that runs goes on. */
import type { Answers, SideAnswers } from './answers.js';

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
