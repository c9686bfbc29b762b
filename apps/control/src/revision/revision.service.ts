/**
 * The state of the configuration, and a person's word that the tree in ZooKeeper is the right one. Old orders in it are withdrawn before
 * the revision is written, because processes follow it from then on.
 */
import { Inject, Injectable } from '@nestjs/common';
import { pipelineName, SyncError, toSyncError } from '@lutra/model';
import type { ChannelDocument, TreeRevision, WorkStatus } from '@lutra/model';
import type { Adoption, Registry, Snapshot, TreeFollower } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { configurationOf } from '../configuration/configuration.js';
import { RefusedError } from '../configuration/problem.js';
import { LOGGER, REGISTRY, TREE } from '../tokens.js';
import { isRepairing } from '../verifications/verification-state.js';
import { adoptionConsequences, withOtherRoutes } from './adoption.js';
import type { Adopted, Orders } from './adoption.js';
import { highestRevision, regressedAmong } from './regressed.js';
import type { AdoptAnswer, AdoptWrite, RevisionStatus } from './revision.schemas.js';

/** Any table: which ones have left the log is not known. */
const anyTable = { schema: '*', table: '*' };
const mostReason = 200;
const readsAtOnce = 50;

@Injectable()
export class RevisionService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(TREE) private readonly tree: TreeFollower,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async status(): Promise<RevisionStatus> {
    const revision = await this.registry.revision.latest();
    const workers = await this.registry.status.list();
    const regressed = regressedAmong(workers, await this.tree.look());
    return {
      revision: shown(revision),
      highest: highestRevision(revision, this.tree.known, { workers, regressed }),
      regressed: [...regressed],
    };
  }

  /** @throws RefusedError CONFIG_CONFLICT with the consequences, unless they are accepted */
  async adopt({ reason, above = 0, accept }: AdoptWrite): Promise<AdoptAnswer> {
    const snapshot = await this.registry.snapshot.latest();
    const adopted = await this.#adopted(snapshot);
    const consequences = adoptionConsequences(adopted);
    if (!accept && consequences.length > 0)
      throw new RefusedError('CONFIG_CONFLICT', 'say "accept": true if this tree is the right one', consequences);
    const { highest } = await this.status();
    await this.#withdraw(adopted.orders);
    const revision = await this.registry.revision.adopt({
      by: `adopted: ${reason}`.slice(0, mostReason),
      above: Math.max(above, highest),
      base: { tree: snapshot.revision, version: snapshot.revisionVersion },
      operations: await this.#forgettingTables(adopted),
    });
    if (!revision) throw new SyncError('CONFIG_CONFLICT', 'somebody has written the configuration meanwhile; look at it again');
    this.logger.warn({ revision: revision.revision, write: revision.write, reason }, 'the configuration in ZooKeeper was adopted');
    return { revision: shownOf(revision), consequences: [...consequences] };
  }

  async #adopted(snapshot: Snapshot): Promise<Adopted> {
    const { channels } = configurationOf(snapshot);
    const workers = (await this.registry.status.list()).filter(isAtWork);
    const restarts = await this.registry.restarts.waiting();
    return { channels, workers, orders: { restarts, skips: await this.#skips(channels), repairs: await this.#repairs() } };
  }

  /** One that cannot be read is carried out by nobody. */
  async #repairs(): Promise<readonly string[]> {
    const channels: string[] = [];
    for (const channel of await this.registry.verifications.names()) {
      const order = (await readable(this.registry.verifications.read(channel)))?.document;
      const result = (await readable(this.registry.verificationResults.read(channel)))?.document ?? null;
      if (order && isRepairing(order, result?.request === order.id ? result : null)) channels.push(channel);
    }
    return channels;
  }

  /** Also of a pipeline whose document cannot be read: it may be there again. */
  async #skips(channels: readonly ChannelDocument[]): Promise<Orders['skips']> {
    const names = new Map(
      channels.flatMap(({ name, pipelines }) => pipelines.map(({ name: own, uid }) => [uid, pipelineName(name, own)] as const)),
    );
    return (await this.registry.skips.waiting()).map((uid) => ({ name: names.get(uid) ?? `of uid ${uid}`, uid }));
  }

  async #withdraw({ restarts, skips, repairs }: Orders): Promise<void> {
    for (const endpoint of restarts) await this.registry.restarts.withdraw(endpoint);
    for (const { uid } of skips) await this.registry.skips.remove(uid);
    for (const channel of repairs) {
      const known = await this.registry.verifications.read(channel);
      if (known) await this.registry.verifications.write(channel, { ...known.document, state: 'cancelled' });
    }
  }

  /** A table that comes in again may have left the log by the adoption: it is to be seeded anew. */
  async #forgettingTables({ channels, workers }: Adopted): Promise<Adoption['operations']> {
    const uids = withOtherRoutes(channels, workers);
    const operations: (Adoption['operations'][number] | null)[] = [];
    for (let at = 0; at < uids.length; at += readsAtOnce)
      operations.push(...(await Promise.all(uids.slice(at, at + readsAtOnce).map((uid) => this.registry.left.adding(uid, [anyTable])))));
    return operations.filter((operation) => operation !== null);
  }
}

async function readable<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (toSyncError(error).code !== 'CONFIG_INVALID') throw error;
    return null;
  }
}

function isAtWork({ state }: WorkStatus): boolean {
  return state !== 'standby';
}

function shown(revision: TreeRevision | null): RevisionStatus['revision'] {
  return revision && shownOf(revision);
}

function shownOf(revision: TreeRevision): AdoptAnswer['revision'] {
  const { recent: _, ...rest } = revision;
  return rest;
}
