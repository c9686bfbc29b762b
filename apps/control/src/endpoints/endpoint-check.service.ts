/**
 * Asks database servers whether they can be source or target of the channels that use them. A server that cannot be asked is a problem in the
 * list, never a failed request.
 */
import { Inject, Injectable } from '@nestjs/common';
import { SyncError } from '@lutra/model';
import type { ChannelInput, EndpointDocument } from '@lutra/model';
import type { Problem } from '@lutra/mysql';
import { openSecret } from '@lutra/registry';
import type { Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { findDocument, listDocuments, readConfiguration } from '../configuration/configuration.js';
import { errorsOf } from '../configuration/problem.js';
import type { CheckResult, EndpointWrite } from '../http/schemas.js';
import { LOGGER, REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';
import { endpointProblems } from './endpoint.rules.js';
import { checkServer, problemOf } from './server-checks.js';
import type { EndpointUse, Server, TargetUse } from './server-checks.js';

/** What is stored, for one check. */
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
    const { document } = await findDocument(this.registry.endpoints, 'endpoint', name);
    const stored = await readConfiguration(this.registry);
    return result([...endpointProblems(document, stored), ...(await this.#ask(() => this.#open(document), stored))]);
  }

  /** Without a password the stored one is used, but sent to no other server or user than it was stored for. */
  async checkUnsaved(input: EndpointWrite): Promise<CheckResult> {
    const stored = await readConfiguration(this.registry);
    const password = input.password ?? this.#storedPassword(input, stored.endpoints);
    return result([...endpointProblems(input, stored), ...(await this.#ask(() => ({ ...input, password }), stored))]);
  }

  /** Every endpoint of a channel, for what this channel wants of it. One that is missing is left to the rules. */
  async checkChannel(channel: ChannelInput): Promise<readonly Problem[]> {
    const names = new Set(channel.pipelines.flatMap(({ source, target }) => [source, target]));
    const endpoints = (await listDocuments(this.registry.endpoints)).filter((endpoint) => names.has(endpoint.name));
    const answers = await Promise.all(
      endpoints.map(async (endpoint) => {
        const problems = await this.#ask(() => this.#open(endpoint), { endpoints, channels: [channel] });
        return problems.map((problem) => ({ ...problem, what: `endpoint ${endpoint.name}: ${problem.what}` }));
      }),
    );
    return answers.flat();
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
    const pipelines = channels.flatMap((channel) => channel.pipelines.map((pipeline) => ({ ...pipeline, rules: channel.conflicts.rules })));
    const from = pipelines.filter((pipeline) => pipeline.source === name);
    const to = pipelines.filter((pipeline) => pipeline.target === name);
    if (from.length + to.length === 0)
      return { asSource: [], asTarget: [{ source: null, routes: [], twoWay: false, rules: [], forwards: false }] };
    const asTarget = to.map(({ source, routes, rules, forwards }): TargetUse => {
      const found = endpoints.find((endpoint) => endpoint.name === source);
      const twoWay = from.some((pipeline) => pipeline.target === source);
      return { source: found ? { ...this.#open(found), log: null } : null, routes, twoWay, rules, forwards };
    });
    return { asSource: from.length === 0 ? null : from.flatMap((pipeline) => pipeline.routes), asTarget };
  }

  #open(endpoint: EndpointDocument): Connectable {
    return { ...endpoint, password: openSecret(this.key, endpoint.password, endpoint.name) };
  }

  #storedPassword(input: EndpointWrite, endpoints: readonly EndpointDocument[]): string {
    const stored = endpoints.find((endpoint) => endpoint.name === input.name);
    if (!stored || stored.host !== input.host || stored.port !== input.port || stored.user !== input.user) {
      throw new SyncError('CONFIG_INVALID', `endpoint ${input.name}: password: required, for none is stored for this host, port and user`);
    }
    return openSecret(this.key, stored.password, stored.name);
  }
}

function result(problems: readonly Problem[]): CheckResult {
  return { ok: errorsOf(problems).length === 0, problems: [...problems] };
}
