/** Regions. A region that endpoints name cannot be removed. */
import { Inject, Injectable } from '@nestjs/common';
import { SyncError } from '@lutra/model';
import type { RegionDocument } from '@lutra/model';
import type { Registry } from '@lutra/registry';
import {
  createDocument,
  findDocument,
  findForRemoval,
  findForWrite,
  listDocuments,
  removeDocument,
  replaceDocument,
} from '../configuration/configuration.js';
import type { Precondition, Versioned } from '../configuration/configuration.js';
import { WriteLock } from '../configuration/write-lock.js';
import { REGISTRY } from '../tokens.js';

const kind = 'region';

@Injectable()
export class RegionService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(WriteLock) private readonly lock: WriteLock,
  ) {}

  list(): Promise<readonly RegionDocument[]> {
    return listDocuments(this.registry.regions);
  }

  find(name: string): Promise<Versioned<RegionDocument>> {
    return findDocument(this.registry.regions, kind, name);
  }

  create(document: RegionDocument): Promise<Versioned<RegionDocument>> {
    return this.lock.run(() => createDocument(this.registry.regions, kind, document));
  }

  replace(document: RegionDocument, ifMatch: Precondition): Promise<Versioned<RegionDocument>> {
    const write = { kind, name: document.name, ifMatch };
    return this.lock.run(async () => {
      const found = await findForWrite(this.registry.regions, write);
      return replaceDocument(this.registry.regions, write, document, found.version);
    });
  }

  remove(name: string, ifMatch: Precondition): Promise<void> {
    const write = { kind, name, ifMatch };
    return this.lock.run(async () => {
      const found = await findForRemoval(this.registry.regions, write);
      const users = (await listDocuments(this.registry.endpoints)).filter((endpoint) => endpoint.region === name);
      if (users.length > 0) {
        const names = users.map((endpoint) => endpoint.name).join(', ');
        throw new SyncError('CONFIG_CONFLICT', `region ${name} is in use by endpoint ${names}`, {
          details: { region: name, usedBy: names },
        });
      }
      await removeDocument(this.registry.regions, write, found.version);
    });
  }
}
