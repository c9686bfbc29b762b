/** Channels: written only if the rules hold with all other channels, removed only while stopped and not needed by others. */
import { Inject, Injectable } from '@nestjs/common';
import { SyncError, wishesFor, withDesired } from '@lutra/model';
import type { ChannelDocument, ChannelInput, PipelineDocument, StoredChannel } from '@lutra/model';
import type { Author, DocumentChange, Registry, Snapshot } from '@lutra/registry';
import {
  configurationOf,
  findShown,
  foundForRemoval,
  foundForWrite,
  listShown,
  requireAbsent,
  requireReadable,
} from '../configuration/configuration.js';
import type { Listed, Precondition, Versioned, Write } from '../configuration/configuration.js';
import { ConfigurationService } from '../configuration/configuration.service.js';
import type { Draft } from '../configuration/configuration.service.js';
import { RefusedError, errorsOf } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import type { ChannelWrite } from '../http/schemas.js';
import { AddedSeedService, nothingAdded } from '../seeds/added-seed.service.js';
import type { AddedSeeds } from '../seeds/added-seed.service.js';
import { ChannelSeedService } from '../seeds/channel-seed.service.js';
import { REGISTRY } from '../tokens.js';
import { AddedTablesService, replicatesMore } from './added-tables.service.js';
import { ChannelOperationsService } from './channel-operations.service.js';
import { requireBeginnable, requireOthers, requireRules, requireSameHome, requireState, withChannel } from './channel-requirements.js';
import { forcedOperations } from './forced.js';
import { RemovedTablesService } from './removed-tables.service.js';
import { removedFrom, UidService } from './uid.service.js';
import { WayBackService } from './way-back.service.js';

const kind = 'channel';

interface Checked {
  /** As it was when the servers were asked. */
  readonly before: Versioned<ChannelDocument>;
  /** What refuses the change, and is passed with force. */
  readonly passed: readonly Problem[];
  /** Seeds that are ordered with it. */
  readonly added: AddedSeeds;
}

export interface Replacing {
  readonly ifMatch: Precondition;
  readonly force: boolean;
  /** Tables that come in are seeded. */
  readonly seed: boolean;
  /** Nothing is on its way in any direction, and nobody writes: home may move while the channel runs. */
  readonly isQuiet?: boolean;
}

@Injectable()
export class ChannelService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(ConfigurationService) private readonly configuration: ConfigurationService,
    @Inject(AddedTablesService) private readonly addedTables: AddedTablesService,
    @Inject(RemovedTablesService) private readonly removedTables: RemovedTablesService,
    @Inject(ChannelOperationsService) private readonly operations: ChannelOperationsService,
    @Inject(WayBackService) private readonly wayBack: WayBackService,
    @Inject(UidService) private readonly uids: UidService,
    @Inject(ChannelSeedService) private readonly seeds: ChannelSeedService,
    @Inject(AddedSeedService) private readonly addedSeeds: AddedSeedService,
  ) {}

  list(): Promise<Listed<ChannelDocument>> {
    return listShown(this.registry, kind);
  }

  find(name: string): Promise<Versioned<ChannelDocument>> {
    return findShown(this.registry, kind, name);
  }

  create(input: ChannelWrite): Promise<Versioned<ChannelDocument>> {
    const { name } = input;
    return this.configuration.write(async (snapshot, author) => {
      const state = { state: 'stopped', attempt: 0 } as const;
      requireState(input, state);
      requireAbsent(snapshot, kind, name);
      requireReadable(snapshot, kind, `channel ${name} cannot be created`);
      const configuration = configurationOf(snapshot);
      requireRules(input, withChannel(name, input, configuration));
      const after = storedForm(input, await this.uids.of(input, [], configuration));
      return {
        answer: { document: { ...after, ...state }, version: 0 },
        changes: [{ kind: 'channels', name, before: null, after }],
        operations: await this.operations.creating(after, input, { writing: { snapshot, author }, state: 'stopped' }),
      };
    });
  }

  /**
   * A channel that is not stopped takes tables in only past the checks of a start, or with `force`. Servers are asked before the write.
   */
  async replace(input: ChannelWrite, how: Replacing): Promise<Versioned<ChannelDocument>> {
    const write = { kind, name: input.name, ifMatch: how.ifMatch } as const;
    for (;;) {
      const snapshot = await this.registry.snapshot.latest();
      const before = foundForWrite(snapshot, write);
      requireState(input, before.document);
      requireRules(input, withChannel(input.name, input, configurationOf(snapshot)));
      const added = await this.#added(before.document, input, how.seed);
      if (errorsOf(added.problems).length > 0)
        throw new RefusedError('CONFIG_CONFLICT', `tables of channel ${input.name} cannot be seeded`, added.problems);
      const passed = await this.refusals(before.document, input, how);
      const checked = { before, passed, added };
      const written = await this.configuration.write((now, author) => this.#replace(input, { now, author, write }, checked));
      if (!written) continue;
      await this.uids.fence(input.name, removedFrom(before.document, written.document.pipelines));
      return written;
    }
  }

  /** What a change would seed. Nothing is written. @throws SyncError as replace() does for the documents */
  async preview(input: ChannelWrite, { ifMatch, force }: Omit<Replacing, 'seed'>): Promise<AddedSeeds> {
    const snapshot = await this.registry.snapshot.latest();
    const { document } = foundForWrite(snapshot, { kind, name: input.name, ifMatch });
    requireState(input, document);
    requireRules(input, withChannel(input.name, input, configurationOf(snapshot)));
    const added = await this.#added(document, input, true);
    const refused = await this.refusals(document, input, { force: true, seed: true });
    const shown = refused.map((problem): Problem => (force ? { ...problem, severity: 'warning' } : problem));
    return { ...added, problems: [...added.problems, ...shown] };
  }

  #added(before: ChannelDocument, after: ChannelInput, seed: boolean): Promise<AddedSeeds> {
    return seed ? this.addedSeeds.of(before, after) : Promise.resolve(nothingAdded);
  }

  /** What refuses the change: with `force` it is passed. @throws RefusedError without */
  async refusals(
    before: ChannelDocument,
    after: ChannelInput,
    {
      force,
      seed,
      isQuiet = false,
      planned,
    }: Pick<Replacing, 'force' | 'seed' | 'isQuiet'> & { readonly planned?: Parameters<AddedTablesService['require']>[3] },
  ): Promise<readonly Problem[]> {
    const checks = [
      async () => isQuiet || requireSameHome(before, after),
      async () => requireBeginnable(before, after),
      () => this.seeds.require(before, after),
      () => this.wayBack.require(before, after),
      () => this.removedTables.require(before, after),
      () => this.addedTables.require(before, after, seed, planned),
    ];
    const passed: Problem[] = [];
    for (const check of checks) {
      await check().catch((error: unknown) => {
        if (!force || !(error instanceof RefusedError)) throw error;
        passed.push(...error.problems);
      });
    }
    return passed;
  }

  /** Answer null: it is no longer what was checked. */
  async #replace(
    input: ChannelWrite,
    { now, author, write }: { readonly now: Snapshot; readonly author: Author; readonly write: Write<'channel'> },
    checked: Checked,
  ): Promise<Draft<Versioned<ChannelDocument> | null>> {
    const { name } = input;
    const { document, version } = foundForWrite(now, write);
    if (version !== checked.before.version || document.state !== checked.before.document.state) return { answer: null };
    const { state, attempt } = document;
    requireState(input, document);
    if (replicatesMore(document, input)) requireReadable(now, kind, `channel ${name} cannot be changed so`);
    const configuration = configurationOf(now);
    const topology = withChannel(name, input, configuration);
    requireRules(input, topology);
    requireOthers(name, configuration, topology);
    const after = storedForm(input, await this.uids.of(input, document.pipelines, configuration));
    const writing = { snapshot: now, author };
    return {
      answer: { document: withDesired(after, { state, attempt, ...wishesFor(after.pipelines, document.wishes) }), version: version + 1 },
      // Also where nothing changes: so an operator says that a tree that was restored is right as it is.
      changes: [{ kind: 'channels', name, before: { document: storedForm(document, document.pipelines), version }, after }],
      operations: [
        ...(await this.operations.replacing({ before: document, after, input }, { writing, state: null })),
        ...(await this.addedSeeds.operations(name, checked.added)),
        ...(await forcedOperations(this.registry, [{ channel: name, where: 'change', problems: checked.passed }])),
      ],
    };
  }

  async remove(name: string, ifMatch: Precondition): Promise<void> {
    const removed = await this.configuration.write(async (snapshot) => {
      const { document } = foundForRemoval(snapshot, { kind, name, ifMatch });
      if (snapshot.channels.get(name)?.document && snapshot.desired.get(name)?.error) {
        const what = `what is wanted of channel ${name} cannot be read, so it may be running; stop it first`;
        throw new SyncError('CONFIG_CONFLICT', what, { details: { channel: name } });
      }
      if (document && document.state !== 'stopped') {
        throw new SyncError('CONFIG_CONFLICT', `channel ${name} is ${document.state}; stop it first`, { details: { channel: name } });
      }
      const configuration = configurationOf(snapshot);
      if (document) requireOthers(name, configuration, withChannel(name, null, configuration));
      const removals = document ? removedFrom(document, []) : await this.uids.allOf(name);
      const before = snapshot.channels.get(name) ?? null;
      const changes: DocumentChange[] = [{ kind: 'channels', name, before, after: null }];
      return {
        answer: removals,
        changes,
        operations: await this.operations.removing(name, removals, { snapshot }),
      };
    });
    await this.uids.fence(name, removed);
  }
}

/** What is wanted of it is a node of its own. */
export function storedForm(channel: ChannelWrite, pipelines: readonly PipelineDocument[]): StoredChannel {
  const { state: _, attempt: __, wishes: ___, ...document } = channel;
  return { ...document, pipelines: [...pipelines] };
}
