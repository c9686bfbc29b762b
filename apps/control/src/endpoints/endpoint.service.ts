/** Endpoints. The password comes in clear, is stored sealed and never goes out. */
import { Inject, Injectable } from '@nestjs/common';
import { SyncError } from '@lutra/model';
import type { EndpointDocument } from '@lutra/model';
import { referenceOf, sealPassword } from '@lutra/registry';
import type { Operation, Registry } from '@lutra/registry';
import { forcedOperations } from '../channels/forced.js';
import type { Forced } from '../channels/forced.js';
import { newErrors } from '../channels/topology.js';
import {
  configurationOf,
  findShown,
  foundForRemoval,
  foundForWrite,
  listShown,
  requireAbsent,
  requireReadable,
} from '../configuration/configuration.js';
import type { Configuration, Listed, Precondition, Versioned } from '../configuration/configuration.js';
import { ConfigurationService } from '../configuration/configuration.service.js';
import { RefusedError, errorsOf } from '../configuration/problem.js';
import type { EndpointOutput, EndpointWrite } from '../http/schemas.js';
import { REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';
import { endpointProblems, requireSameLogin } from './endpoint.rules.js';

const kind = 'endpoint';

@Injectable()
export class EndpointService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly key: SecretKey,
    @Inject(ConfigurationService) private readonly configuration: ConfigurationService,
  ) {}

  async list(): Promise<Listed<EndpointOutput>> {
    const { documents, invalid } = await listShown(this.registry, kind);
    return { documents: documents.map(withoutPassword), invalid };
  }

  async find(name: string): Promise<Versioned<EndpointOutput>> {
    return shown(await findShown(this.registry, kind, name));
  }

  create(input: EndpointWrite): Promise<Versioned<EndpointOutput>> {
    const { name } = input;
    return this.configuration.write((snapshot) => {
      const document = this.sealed(input, null);
      requireAbsent(snapshot, kind, name);
      requireNoErrors(document, configurationOf(snapshot));
      return { answer: shown({ document, version: 0 }), changes: [{ kind: 'endpoints', name, before: null, after: document }] };
    });
  }

  replace(
    input: EndpointWrite,
    { ifMatch, forced }: { readonly ifMatch: Precondition; readonly forced: readonly Forced[] },
  ): Promise<Versioned<EndpointOutput>> {
    const { name } = input;
    return this.configuration.write(async (snapshot) => {
      const before = foundForWrite(snapshot, { kind, name, ifMatch });
      const document = this.sealed(input, before.document);
      const configuration = configurationOf(snapshot);
      requireNoErrors(document, configuration);
      requireSoundChannels(document, configuration);
      return {
        answer: shown({ document, version: before.version + 1 }),
        changes: [{ kind: 'endpoints', name, before, after: document }],
        operations: await forcedOperations(this.registry, forced),
      };
    });
  }

  remove(name: string, ifMatch: Precondition): Promise<void> {
    return this.configuration.write(async (snapshot) => {
      const before = foundForRemoval(snapshot, { kind, name, ifMatch });
      requireReadable(snapshot, 'channel', `endpoint ${name} cannot be removed`);
      const users = configurationOf(snapshot).channels.filter((channel) =>
        channel.pipelines.some(({ source, target }) => source === name || target === name),
      );
      if (users.length > 0) {
        const names = users.map((channel) => channel.name).join(', ');
        throw new SyncError('CONFIG_CONFLICT', `endpoint ${name} is in use by channel ${names}`, {
          details: { endpoint: name, usedBy: names },
        });
      }
      return {
        answer: undefined,
        changes: [{ kind: 'endpoints', name, before, after: null }],
        // An order that waits would otherwise meet another endpoint under this name.
        operations: await this.removing(name),
      };
    });
  }

  /** What is written with the removal. */
  async removing(name: string): Promise<readonly (Operation | null)[]> {
    return [await this.registry.restarts.withdrawing(name), await this.registry.omissions.removing(`endpoint@${name}`)];
  }

  /** As it is to be stored. @throws SyncError CONFIG_INVALID: the password is missing, or is another server's */
  sealed(input: EndpointWrite, stored: EndpointDocument | null): EndpointDocument {
    const { passwordSet: _set, passwordFrom: _from, password, ...rest } = input;
    if (password !== undefined) return this.#seal(input, password);
    if (!stored) throw new SyncError('CONFIG_INVALID', `endpoint ${input.name}: password: required when an endpoint is created`);
    requireSameLogin(stored, rest);
    return { ...rest, password: stored.password };
  }

  #seal(input: EndpointWrite, password: string): EndpointDocument {
    const { passwordSet: _set, passwordFrom: _from, ...rest } = input;
    return { ...rest, password: sealPassword(this.key, password, rest) };
  }
}

function shown({ document, version }: Versioned<EndpointDocument>): Versioned<EndpointOutput> {
  return { document: withoutPassword(document), version };
}

export function withoutPassword(endpoint: EndpointDocument): EndpointOutput {
  const { password, ...rest } = endpoint;
  const passwordFrom = referenceOf(password);
  return { ...rest, passwordSet: true, ...(passwordFrom !== undefined && { passwordFrom }) };
}

function requireNoErrors(endpoint: EndpointDocument, configuration: Configuration): void {
  const errors = errorsOf(endpointProblems(endpoint, configuration));
  if (errors.length > 0) throw new RefusedError('CONFIG_INVALID', `endpoint ${endpoint.name}`, errors);
}

/** A new region or server may break what holds between the channels that use it. */
function requireSoundChannels(endpoint: EndpointDocument, configuration: Configuration): void {
  const endpoints = configuration.endpoints.map((other) => (other.name === endpoint.name ? endpoint : other));
  const errors = newErrors(configuration, { ...configuration, endpoints });
  if (errors.length > 0) throw new RefusedError('CONFIG_CONFLICT', `endpoint ${endpoint.name} cannot be changed so`, errors);
}
