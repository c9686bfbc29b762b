/** Regions. A region that endpoints name cannot be removed. */
import { Inject, Injectable } from '@nestjs/common';
import { SyncError } from '@lutra/model';
import type { RegionDocument, RegionInput } from '@lutra/model';
import { sealRegion } from '@lutra/registry';
import type { Registry } from '@lutra/registry';
import { forcedOperations } from '../channels/forced.js';
import type { Forced } from '../channels/forced.js';
import {
  configurationOf,
  findShown,
  foundForRemoval,
  foundForWrite,
  listShown,
  requireAbsent,
  requireReadable,
} from '../configuration/configuration.js';
import type { Listed, Precondition, Versioned } from '../configuration/configuration.js';
import type { RegionOutput } from '../http/schemas.js';
import { REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';
import { shownRegion } from './shown-region.js';
import { ConfigurationService } from '../configuration/configuration.service.js';

const kind = 'region';

@Injectable()
export class RegionService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly keyring: SecretKey,
    @Inject(ConfigurationService) private readonly configuration: ConfigurationService,
  ) {}

  async list(): Promise<Listed<RegionOutput>> {
    const { documents, invalid } = await listShown(this.registry, kind);
    return { documents: documents.map(shownRegion), invalid };
  }

  async find(name: string): Promise<Versioned<RegionOutput>> {
    return shown(await findShown(this.registry, kind, name));
  }

  create(input: RegionInput): Promise<Versioned<RegionOutput>> {
    const document = sealRegion({ keyring: this.keyring, input, stored: null });
    const { name } = document;
    return this.configuration.write((snapshot) => {
      requireAbsent(snapshot, kind, name);
      return { answer: shown({ document, version: 0 }), changes: [{ kind: 'regions', name, before: null, after: document }] };
    });
  }

  replace(
    input: RegionInput,
    { ifMatch, forced }: { readonly ifMatch: Precondition; readonly forced: readonly Forced[] },
  ): Promise<Versioned<RegionOutput>> {
    const { name } = input;
    return this.configuration.write(async (snapshot) => {
      const before = foundForWrite(snapshot, { kind, name, ifMatch });
      const document = sealRegion({ keyring: this.keyring, input, stored: before.document });
      return {
        answer: shown({ document, version: before.version + 1 }),
        changes: [{ kind: 'regions', name, before, after: document }],
        operations: await forcedOperations(this.registry, forced),
      };
    });
  }

  remove(name: string, ifMatch: Precondition): Promise<void> {
    return this.configuration.write((snapshot) => {
      const before = foundForRemoval(snapshot, { kind, name, ifMatch });
      requireReadable(snapshot, 'endpoint', `region ${name} cannot be removed`);
      const users = configurationOf(snapshot).endpoints.filter((endpoint) => endpoint.region === name);
      if (users.length > 0) {
        const names = users.map((endpoint) => endpoint.name).join(', ');
        throw new SyncError('CONFIG_CONFLICT', `region ${name} is in use by endpoint ${names}`, {
          details: { region: name, usedBy: names },
        });
      }
      return { answer: undefined, changes: [{ kind: 'regions', name, before, after: null }] };
    });
  }
}

function shown({ document, version }: Versioned<RegionDocument>): Versioned<RegionOutput> {
  return { document: shownRegion(document), version };
}
