/** Endpoints. The password comes in clear, is stored sealed and never goes out. */
import { Inject, Injectable } from '@nestjs/common';
import { SyncError } from '@lutra/model';
import type { EndpointDocument } from '@lutra/model';
import { referenceOf, sealPassword } from '@lutra/registry';
import type { Registry } from '@lutra/registry';
import { newErrors } from '../channels/topology.js';
import {
  createDocument,
  findDocument,
  findForRemoval,
  findForWrite,
  listDocuments,
  readConfiguration,
  removeDocument,
  replaceDocument,
} from '../configuration/configuration.js';
import type { Configuration, Precondition, Versioned } from '../configuration/configuration.js';
import { RefusedError, errorsOf } from '../configuration/problem.js';
import { WriteLock } from '../configuration/write-lock.js';
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
    @Inject(WriteLock) private readonly lock: WriteLock,
  ) {}

  async list(): Promise<readonly EndpointOutput[]> {
    return (await listDocuments(this.registry.endpoints)).map(withoutPassword);
  }

  async find(name: string): Promise<Versioned<EndpointOutput>> {
    return shown(await findDocument(this.registry.endpoints, kind, name));
  }

  create(input: EndpointWrite): Promise<Versioned<EndpointOutput>> {
    return this.lock.run(async () => {
      const { password } = input;
      if (password === undefined)
        throw new SyncError('CONFIG_INVALID', `endpoint ${input.name}: password: required when an endpoint is created`);
      const document = this.#seal(input, password);
      requireNoErrors(document, await readConfiguration(this.registry));
      return shown(await createDocument(this.registry.endpoints, kind, document));
    });
  }

  replace(input: EndpointWrite, ifMatch: Precondition): Promise<Versioned<EndpointOutput>> {
    const write = { kind, name: input.name, ifMatch };
    return this.lock.run(async () => {
      const found = await findForWrite(this.registry.endpoints, write);
      const { passwordSet: _set, passwordFrom: _from, password, ...rest } = input;
      if (password === undefined) requireSameLogin(found.document, rest);
      const document = password === undefined ? { ...rest, password: found.document.password } : this.#seal(input, password);
      const configuration = await readConfiguration(this.registry);
      requireNoErrors(document, configuration);
      requireSoundChannels(document, configuration);
      return shown(await replaceDocument(this.registry.endpoints, write, document, found.version));
    });
  }

  remove(name: string, ifMatch: Precondition): Promise<void> {
    const write = { kind, name, ifMatch };
    return this.lock.run(async () => {
      const found = await findForRemoval(this.registry.endpoints, write);
      const users = (await listDocuments(this.registry.channels)).filter((channel) =>
        channel.pipelines.some(({ source, target }) => source === name || target === name),
      );
      if (users.length > 0) {
        const names = users.map((channel) => channel.name).join(', ');
        throw new SyncError('CONFIG_CONFLICT', `endpoint ${name} is in use by channel ${names}`, {
          details: { endpoint: name, usedBy: names },
        });
      }
      // An order that waits would otherwise meet another endpoint under this name.
      await this.registry.restarts.withdraw(name);
      await removeDocument(this.registry.endpoints, write, found.version);
      await this.registry.omissions.remove(`endpoint@${name}`);
    });
  }

  #seal(input: EndpointWrite, password: string): EndpointDocument {
    const { passwordSet: _set, passwordFrom: _from, ...rest } = input;
    return { ...rest, password: sealPassword(this.key, password, rest) };
  }
}

function shown({ document, version }: Versioned<EndpointDocument>): Versioned<EndpointOutput> {
  return { document: withoutPassword(document), version };
}

function withoutPassword(endpoint: EndpointDocument): EndpointOutput {
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
