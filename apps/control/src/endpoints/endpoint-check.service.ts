/**
 * Asks database servers whether they can be source or target of the channels that use them. A server that cannot be asked is a problem in the
 * list, never a failed request.
 */
import { Inject, Injectable } from '@nestjs/common';
import { SyncError } from '@lutra/model';
import type { ChannelInput, EndpointDocument } from '@lutra/model';
import { openSecret } from '@lutra/registry';
import type { Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { findDocument, readConfiguration } from '../configuration/configuration.js';
import { errorsOf } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import type { CheckResult, EndpointWrite } from '../http/schemas.js';
import { LOGGER, REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';
import { endpointProblems } from './endpoint.rules.js';
import { checkServer, problemOf } from './server-checks.js';
import type { EndpointUse } from './server-checks.js';

@Injectable()
export class EndpointCheckService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly key: SecretKey,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async checkStored(name: string): Promise<CheckResult> {
    const { document } = await findDocument(this.registry.endpoints, 'endpoint', name);
    const configuration = await readConfiguration(this.registry);
    const problems = await this.#ask(document, useOf(name, configuration.channels));
    return result([...endpointProblems(document, configuration), ...problems]);
  }

  /** Without a password the stored one is used, but sent to no other server or user than it was stored for. */
  async checkUnsaved(input: EndpointWrite): Promise<CheckResult> {
    const configuration = await readConfiguration(this.registry);
    const password = input.password ?? this.#storedPassword(input, configuration.endpoints);
    const asked = await checkServer({ ...input, password }, useOf(input.name, configuration.channels), this.logger);
    return result([...endpointProblems(input, configuration), ...asked]);
  }

  /** Every endpoint of a channel, for what this channel wants of it. */
  async checkChannel(channel: ChannelInput): Promise<readonly Problem[]> {
    const names = [...new Set(channel.pipelines.flatMap(({ source, target }) => [source, target]))];
    const answers = await Promise.all(
      names.map(async (name) => {
        const found = await this.registry.endpoints.get(name);
        // The rules, which run next, say that it is missing.
        const problems = found ? await this.#ask(found.document, useOf(name, [channel])) : [];
        return problems.map((problem) => ({ ...problem, what: `endpoint ${name}: ${problem.what}` }));
      }),
    );
    return answers.flat();
  }

  async #ask(endpoint: EndpointDocument, use: EndpointUse): Promise<readonly Problem[]> {
    try {
      const password = openSecret(this.key, endpoint.password, endpoint.name);
      return await checkServer({ ...endpoint, password }, use, this.logger);
    } catch (error) {
      return [problemOf(error)];
    }
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

/** An endpoint that no channel uses yet is asked for both roles, without tables. */
function useOf(name: string, channels: readonly ChannelInput[]): EndpointUse {
  const pipelines = channels.flatMap((channel) => channel.pipelines);
  const from = pipelines.filter((pipeline) => pipeline.source === name);
  const to = pipelines.filter((pipeline) => pipeline.target === name);
  if (from.length + to.length === 0) return { asSource: [], asTarget: [] };
  return {
    asSource: from.length === 0 ? null : from.flatMap((pipeline) => pipeline.routes),
    asTarget: to.length === 0 ? null : to.flatMap((pipeline) => pipeline.routes),
  };
}
