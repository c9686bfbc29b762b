/** What secrets are sealed with, and their way to another key. */
import { Inject, Injectable } from '@nestjs/common';
import {
  referenceOf,
  resealedEndpoint,
  resealedOidc,
  resealedRegion,
  secretOfEndpoint,
  secretsOfOidc,
  secretsOfRegion,
} from '@lutra/registry';
import type { DocumentChange, LevelBlock, Registry, StoredSecret, Worker } from '@lutra/registry';
import { listDocuments, readConfiguration } from '../configuration/configuration.js';
import { ConfigurationService } from '../configuration/configuration.service.js';
import { RefusedError } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import { REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';
import type { Resealed, Secrets } from './secret.schemas.js';

/** Of one write. Each is a document and its history, of which many old nodes may go. */
const sealedAtOnce = 20;
/** Of the documents of one write: a bundle of authorities has 200 KB, and their history may have as much again. */
const sealedBytes = 400_000;

@Injectable()
export class SecretService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly key: SecretKey,
    @Inject(ConfigurationService) private readonly configuration: ConfigurationService,
  ) {}

  async list(): Promise<Secrets> {
    const [endpoints, regions] = await Promise.all([listDocuments(this.registry, 'endpoint'), listDocuments(this.registry, 'region')]);
    const oidc = await this.registry.oidc.latest();
    const ofOidc = oidc ? secretsOfOidc(oidc.document) : [];
    const stored = [...endpoints.map(secretOfEndpoint), ...regions.flatMap(secretsOfRegion), ...ofOidc];
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
   * Secrets that other keys sealed are sealed under the first one.
   * @throws RefusedError CONFIG_CONFLICT: a live process lacks that key; SyncError SECRET_UNREADABLE: nothing is changed then
   */
  async rotate(): Promise<Resealed> {
    const { kid } = this.key.first;
    await this.#requireKnown(kid);
    const { endpoints, regions } = await readConfiguration(this.registry);
    const withSecrets = regions.filter((region) => secretsOfRegion(region).length > 0);
    // All are opened before one is written.
    for (const endpoint of endpoints) resealedEndpoint(this.key, endpoint);
    for (const region of withSecrets) resealedRegion(this.key, region);
    const login = await this.registry.oidc.latest();
    if (login) resealedOidc(this.key, login.document);
    const changed: DocumentChange[] = [];
    // Each once: two rotations to different keys would otherwise go on for ever.
    for (let some: readonly DocumentChange[] | null = null; some?.length !== 0;) {
      some = await this.#sealSome(kid, changed);
      changed.push(...some);
    }
    const oidc = await this.#rotateOidc(kid);
    const sealed = { endpoints: namesOf(changed, 'endpoints'), regions: namesOf(changed, 'regions'), oidc: oidc.sealed };
    const kept = (all: readonly { readonly name: string }[], names: readonly string[]): string[] =>
      all.map(({ name }) => name).filter((name) => !names.includes(name));
    const others = { endpoints: kept(endpoints, sealed.endpoints), regions: kept(withSecrets, sealed.regions), oidc: oidc.kept };
    return { kid, sealed, kept: others };
  }

  /** It is no part of the configuration, and has no history. */
  async #rotateOidc(kid: string): Promise<{ readonly sealed: string[]; readonly kept: string[] }> {
    for (;;) {
      const found = await this.registry.oidc.latest();
      const secret = found?.document.clientSecret;
      if (!found || !secret) return { sealed: [], kept: [] };
      if ('v' in secret && secret.kid === kid) return { sealed: [], kept: ['login'] };
      const written = await this.registry.oidc.replace(resealedOidc(this.key, found.document), found.version);
      if (written !== null) return { sealed: ['login'], kept: [] };
    }
  }

  #sealSome(kid: string, sealed: readonly DocumentChange[]): Promise<readonly DocumentChange[]> {
    const done = new Set(sealed.map(({ kind, name }) => `${kind}/${name}`));
    const isOld = ({ secret }: StoredSecret): boolean => !('v' in secret && secret.kid === kid);
    return this.configuration.write((snapshot) => {
      const changes: DocumentChange[] = [];
      for (const [name, before] of snapshot.endpoints) {
        const { document } = before;
        if (document && isOld(secretOfEndpoint(document)))
          changes.push({ kind: 'endpoints', name, before, after: resealedEndpoint(this.key, document) });
      }
      for (const [name, before] of snapshot.regions) {
        const { document } = before;
        if (document && secretsOfRegion(document).some(isOld))
          changes.push({ kind: 'regions', name, before, after: resealedRegion(this.key, document) });
      }
      const some = ofOneWrite(changes.filter(({ kind, name }) => !done.has(`${kind}/${name}`)));
      return { answer: some, ...(some.length > 0 && { changes: some }) };
    });
  }
}

function ofOneWrite(changes: readonly DocumentChange[]): readonly DocumentChange[] {
  let bytes = 0;
  return changes.slice(0, sealedAtOnce).filter(({ after }, index) => {
    bytes += Buffer.byteLength(JSON.stringify(after));
    return index === 0 || bytes <= sealedBytes;
  });
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

function namesOf(changes: readonly DocumentChange[], kind: DocumentChange['kind']): string[] {
  return changes
    .filter((change) => change.kind === kind)
    .map(({ name }) => name)
    .toSorted();
}
