/**
 * Asks database servers whether they can be source or target of the channels that use them. A server that cannot be asked is a problem in
 * the list, never a failed request.
 */
import { Inject, Injectable } from '@nestjs/common';
import { comesBack, createRouter, followedRoutes, pipelineRoutes, SyncError, unsupportedPolicy } from '@lutra/model';
import type { ChannelInput, EndpointDocument, PipelineDocument } from '@lutra/model';
import type { Problem } from '@lutra/mysql';
import { openPassword, sealPassword } from '@lutra/registry';
import type { Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { maySee } from '../access/person.js';
import { findLatest, readConfiguration } from '../configuration/configuration.js';
import { ddlUse } from '../ddl/ddl.rules.js';
import { errorsOf } from '../configuration/problem.js';
import { rootProblems, sharedRootProblems } from '../files/file-roots.js';
import type { CheckResult, EndpointWrite } from '../http/schemas.js';
import { LOGGER, REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';
import { endpointProblems, requireSameLogin, transportWarnings } from './endpoint.rules.js';
import { checkServer, problemOf } from './server-checks.js';
import type { EndpointUse, Server, TargetUse } from './server-checks.js';

/** What is stored, or is going to be, for one check. */
interface Stored {
  readonly endpoints: readonly EndpointDocument[];
  readonly channels: readonly ChannelInput[];
}

type Connectable = Omit<Server, 'log'>;

@Injectable()
export class EndpointCheckService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly key: SecretKey,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async checkStored(name: string): Promise<CheckResult> {
    const { document } = await findLatest(this.registry, 'endpoint', name);
    const known = await readConfiguration(this.registry);
    const stored = { ...known, channels: known.channels.filter(({ name: channel }) => maySee(channel)) };
    return result([...endpointProblems(document, stored), ...(await this.#ask(() => this.#open(document), stored))]);
  }

  /** Without a password the stored one is used, but sent to nobody else, and no other way, than it was stored for. */
  async checkUnsaved(input: EndpointWrite): Promise<CheckResult> {
    const stored = await readConfiguration(this.registry);
    const server = this.#opened(input, stored.endpoints);
    return result([...endpointProblems(input, stored), ...(await this.#ask(() => server, stored))]);
  }

  /** An endpoint as it is or is going to be, for what these channels want of it. */
  async checkUsed(endpoint: EndpointWrite | EndpointDocument, channels: readonly ChannelInput[]): Promise<readonly Problem[]> {
    const { endpoints } = await readConfiguration(this.registry);
    return this.#ask(() => this.#opened(endpoint, endpoints), { endpoints, channels });
  }

  /**
   * Every endpoint of a channel, for what this channel wants of it, and its regions. One that is missing is left to the rules.
   * @param stored what is going to be, of a plan
   * @param of the endpoints of these pipelines alone
   */
  async checkChannel(
    channel: ChannelInput,
    stored?: Stored,
    of: readonly Pick<PipelineDocument, 'source' | 'target'>[] = channel.pipelines,
  ): Promise<readonly Problem[]> {
    const { endpoints: all, channels } = stored ?? (await readConfiguration(this.registry));
    const names = new Set(of.flatMap(({ source, target }) => [source, target]));
    const endpoints = all.filter((endpoint) => names.has(endpoint.name));
    const answers = await Promise.all(
      endpoints.map(async (endpoint) => {
        const asked = await this.#ask(() => this.#open(endpoint), { endpoints, channels: [channel] });
        const problems = [...asked, ...transportWarnings(endpoint)];
        return problems.map((problem) => ({ ...problem, what: `endpoint ${endpoint.name}: ${problem.what}` }));
      }),
    );
    return [...answers.flat(), ...(await this.#rootProblems(channel, { endpoints: all, channels }))];
  }

  async #rootProblems(channel: ChannelInput, { endpoints, channels }: Stored): Promise<readonly Problem[]> {
    if (!channel.pipelines.some(({ routes }) => routes.some(({ files = [] }) => files.length > 0))) return [];
    const all = [...channels.filter(({ name }) => name !== channel.name), channel];
    return [
      ...rootProblems(channel, { endpoints, workers: await this.registry.workers.list() }),
      ...sharedRootProblems(channel, { endpoints, all }),
    ];
  }

  /** A password that cannot be opened, its own or that of one of its sources, is a problem too. */
  async #ask(open: () => Connectable, stored: Stored): Promise<readonly Problem[]> {
    try {
      const server = open();
      const log = (await this.registry.logs.read(server.name))?.document.log ?? null;
      return await checkServer({ ...server, log }, this.#useOf(server.name, stored), this.logger);
    } catch (error) {
      return [problemOf(error, this.logger)];
    }
  }

  /** An endpoint that no channel uses yet is asked for both roles, without tables. */
  #useOf(name: string, { endpoints, channels }: Stored): EndpointUse {
    const pipelines = channels.flatMap((channel) =>
      channel.pipelines.map((pipeline) => ({
        ...pipeline,
        channel: channel.name,
        routes: pipelineRoutes(pipeline),
        followed: followedRoutes(pipelineRoutes(pipeline), {
          uid: `${channel.name}.${pipeline.name}`,
          bothWays: comesBack(pipeline, channel.pipelines),
        }),
        rules: channel.conflicts.rules,
        suspends: unsupportedPolicy(channel) === 'suspend',
        creates: channel.seed === true,
        ddlUse: ddlUse(pipeline.ddl, comesBack(pipeline, channel.pipelines)),
      })),
    );
    const from = pipelines.filter((pipeline) => pipeline.source === name);
    const to = pipelines.filter((pipeline) => pipeline.target === name);
    if (from.length + to.length === 0)
      return {
        asSource: { routes: [], suspends: () => false },
        asTarget: [{ source: null, routes: [], twoWay: false, rules: [], forwards: false, suspends: false, creates: false, ddl: null }],
      };
    const asTarget = to.map(({ channel, source, followed: routes, rules, forwards, suspends, creates, ddlUse: ddl }): TargetUse => {
      const found = endpoints.find((endpoint) => endpoint.name === source);
      // In one channel both directions have the same tables; another channel's tables do not come back by this one.
      const twoWay = from.some((pipeline) => pipeline.target === source && pipeline.channel === channel);
      const server = found ? { ...this.#open(found), log: null } : null;
      return { source: server, routes, twoWay, rules, forwards, suspends, creates, ddl };
    });
    if (from.length === 0) return { asSource: null, asTarget };
    // Capture reads for all: one that stops, stops all.
    const stopping = createRouter(from.filter(({ suspends }) => !suspends).flatMap(({ routes }) => routes));
    return { asSource: { routes: from.flatMap(({ followed }) => followed), suspends: (table) => stopping(table) === null }, asTarget };
  }

  #opened(endpoint: EndpointWrite | EndpointDocument, stored: readonly EndpointDocument[]): Connectable {
    const { password } = endpoint;
    if (typeof password === 'object') return this.#open({ ...endpoint, password });
    if (password === undefined) return { ...endpoint, password: this.#storedPassword(endpoint, stored) };
    return this.#open({ ...endpoint, password: sealPassword(this.key, password, endpoint) }); // it may be a reference
  }

  #open(endpoint: EndpointDocument): Connectable {
    return { ...endpoint, password: openPassword(this.key, endpoint) };
  }

  #storedPassword(input: Pick<EndpointWrite, 'name' | 'host' | 'port' | 'user'>, endpoints: readonly EndpointDocument[]): string {
    const stored = endpoints.find((endpoint) => endpoint.name === input.name);
    if (!stored) throw new SyncError('CONFIG_INVALID', `endpoint ${input.name}: password: required, for none is stored`);
    requireSameLogin(stored, input);
    return openPassword(this.key, stored);
  }
}

function result(problems: readonly Problem[]): CheckResult {
  return { ok: errorsOf(problems).length === 0, problems: [...problems] };
}
