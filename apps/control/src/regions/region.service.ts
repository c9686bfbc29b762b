/** Regions. A region that endpoints name cannot be removed. */
import { Inject, Injectable } from '@nestjs/common';
import { SyncError } from '@lutra/model';
import type { RegionDocument } from '@lutra/model';
import type { Registry } from '@lutra/registry';
import { forcedOperations } from '../channels/forced.js';
import type { Forced } from '../channels/forced.js';
import {
  configurationOf,
  findDocument,
  foundForRemoval,
  foundForWrite,
  listAll,
  requireAbsent,
  requireReadable,
} from '../configuration/configuration.js';
import type { Listed, Precondition, Versioned } from '../configuration/configuration.js';
import { ConfigurationService } from '../configuration/configuration.service.js';
import { REGISTRY } from '../tokens.js';

const kind = 'region';

@Injectable()
export class RegionService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(ConfigurationService) private readonly configuration: ConfigurationService,
  ) {}

  list(): Promise<Listed<RegionDocument>> {
    return listAll(this.registry, kind);
  }

  find(name: string): Promise<Versioned<RegionDocument>> {
    return findDocument(this.registry, kind, name);
  }

  create(document: RegionDocument): Promise<Versioned<RegionDocument>> {
    const { name } = document;
    return this.configuration.write((snapshot) => {
      requireAbsent(snapshot, kind, name);
      return { answer: { document, version: 0 }, changes: [{ kind: 'regions', name, before: null, after: document }] };
    });
  }

  replace(
    document: RegionDocument,
    { ifMatch, forced }: { readonly ifMatch: Precondition; readonly forced: readonly Forced[] },
  ): Promise<Versioned<RegionDocument>> {
    const { name } = document;
    return this.configuration.write(async (snapshot) => {
      const before = foundForWrite(snapshot, { kind, name, ifMatch });
      return {
        answer: { document, version: before.version + 1 },
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
