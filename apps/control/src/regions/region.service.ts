/** Regions. A region that endpoints name cannot be removed. */
import { Inject, Injectable } from '@nestjs/common';
import { SyncError } from '@lutra/model';
import type { RegionDocument, RegionInput } from '@lutra/model';
import { sealRegion } from '@lutra/registry';
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
import type { RegionOutput } from '../http/schemas.js';
import { REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';
import { shownRegion } from './shown-region.js';

const kind = 'region';

@Injectable()
export class RegionService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly keyring: SecretKey,
    @Inject(WriteLock) private readonly lock: WriteLock,
  ) {}

  async list(): Promise<readonly RegionOutput[]> {
    return (await listDocuments(this.registry.regions)).map(shownRegion);
  }

  async find(name: string): Promise<Versioned<RegionOutput>> {
    return shown(await findDocument(this.registry.regions, kind, name));
  }

  create(input: RegionInput): Promise<Versioned<RegionOutput>> {
    const document = sealRegion({ keyring: this.keyring, input, stored: null });
    return this.lock.run(async () => shown(await createDocument(this.registry.regions, kind, document)));
  }

  replace(input: RegionInput, ifMatch: Precondition): Promise<Versioned<RegionOutput>> {
    const write = { kind, name: input.name, ifMatch };
    return this.lock.run(async () => {
      const found = await findForWrite(this.registry.regions, write);
      const document = sealRegion({ keyring: this.keyring, input, stored: found.document });
      return shown(await replaceDocument(this.registry.regions, write, document, found.version));
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

function shown({ document, version }: Versioned<RegionDocument>): Versioned<RegionOutput> {
  return { document: shownRegion(document), version };
}
