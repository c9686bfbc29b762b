/** What secrets are sealed with, and their way to another key. */
import { Inject, Injectable } from '@nestjs/common';
import { referenceOf, resealedEndpoint, resealedRegion, secretOfEndpoint, secretsOfRegion } from '@lutra/registry';
import type { LevelBlock, Registry, StoredSecret, Worker } from '@lutra/registry';
import { listDocuments } from '../configuration/configuration.js';
import { RefusedError } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import { WriteLock } from '../configuration/write-lock.js';
import { REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';
import type { Resealed, Secrets } from './secret.schemas.js';

@Injectable()
export class SecretService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly key: SecretKey,
    @Inject(WriteLock) private readonly lock: WriteLock,
  ) {}

  async list(): Promise<Secrets> {
    const [endpoints, regions] = await Promise.all([listDocuments(this.registry.endpoints), listDocuments(this.registry.regions)]);
    const stored = [...endpoints.map(secretOfEndpoint), ...regions.flatMap(secretsOfRegion)];
    const counts = Map.groupBy(stored, ({ secret }) => ('v' in secret ? secret.kid : null));
    const known = this.key.kids;
    const others = [...counts.keys()].filter((kid) => kid !== null).filter((kid) => !known.includes(kid));
    const kids = [...known, ...others.toSorted()];
    return {
      keys: kids.map((kid, i) => ({ kid, first: i === 0, known: known.includes(kid), secrets: counts.get(kid)?.length ?? 0 })),
      references: stored.flatMap(({ secret, purpose: { kind, name, field } }) => {
        const reference = referenceOf(secret);
        return reference === undefined ? [] : [{ reference, kind, name, field }];
      }),
      unreadable: counts.get(null)?.length ?? 0,
    };
  }

  async #requireKnown(kid: string): Promise<void> {
    const [workers, blocks] = await Promise.all([this.registry.workers.list(), this.registry.level.blocks(1)]);
    const problems = lacking(kid, workers, blocks);
    if (problems.length > 0) throw new RefusedError('CONFIG_CONFLICT', `nothing is sealed with key ${kid} yet`, problems);
  }

  /**
   * Secrets that other keys sealed are sealed under the first one. None is changed where it throws.
   * @throws RefusedError CONFIG_CONFLICT: a live process lacks that key; SyncError SECRET_UNREADABLE, CONFIG_INVALID
   */
  rotate(): Promise<Resealed> {
    return this.lock.run(async () => {
      const { kid } = this.key.first;
      await this.#requireKnown(kid);
      const isOld = ({ secret }: StoredSecret): boolean => !('v' in secret && secret.kid === kid);
      const endpoints = await this.registry.endpoints.list();
      const regions = (await this.registry.regions.list()).filter(({ document }) => secretsOfRegion(document).length > 0);
      const oldEndpoints = endpoints.filter(({ document }) => isOld(secretOfEndpoint(document)));
      const oldRegions = regions.filter(({ document }) => secretsOfRegion(document).some(isOld));
      // All are opened before one is written.
      const newEndpoints = oldEndpoints.map(({ document, version }) => ({ document: resealedEndpoint(this.key, document), version }));
      const newRegions = oldRegions.map(({ document, version }) => ({ document: resealedRegion(this.key, document), version }));
      for (const { document, version } of newEndpoints) await this.registry.endpoints.replace(document.name, document, version);
      for (const { document, version } of newRegions) await this.registry.regions.replace(document.name, document, version);
      return {
        kid,
        sealed: { endpoints: namesOf(oldEndpoints), regions: namesOf(oldRegions) },
        kept: {
          endpoints: namesOf(endpoints.filter((one) => !oldEndpoints.includes(one))),
          regions: namesOf(regions.filter((one) => !oldRegions.includes(one))),
        },
      };
    });
  }
}

/** Process by process. One that starts later with an old file stops with SECRET_UNREADABLE, until it has the key. */
function lacking(kid: string, workers: readonly Worker[], blocks: readonly LevelBlock[]): readonly Problem[] {
  const without = workers.filter(({ keys }) => !keys.includes(kid));
  const mute = blocks.flatMap((block) => (block.kind === 'lease' ? [block.contender] : []));
  return [
    ...without.map(({ app, instance, keys }) => ({
      what: `${app} ${instance} has the keys ${keys.join(', ')}, not ${kid}`,
      fix: 'add the key to its file (a process that has it in LUTRA_SECRET_KEY must restart), wait 2 s, and repeat',
    })),
    ...mute.map(({ instance, lease }) => ({
      what: `${instance} holds or waits for the lease ${lease} and does not say which keys it has`,
      fix: 'end that process; if it has just lost its session, try again',
    })),
  ].map((problem) => ({ id: 'key-missing', severity: 'error' as const, ...problem }));
}

function namesOf(documents: readonly { readonly document: { readonly name: string } }[]): string[] {
  return documents.map(({ document }) => document.name).toSorted();
}
