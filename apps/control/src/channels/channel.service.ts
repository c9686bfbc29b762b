/** Channels: written only if the rules hold with all other channels, removed only while stopped and not needed by others. */
import { Inject, Injectable } from '@nestjs/common';
import { SyncError } from '@lutra/model';
import type { ChannelDocument, ChannelInput } from '@lutra/model';
import type { Registry } from '@lutra/registry';
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
import type { Configuration, Precondition, Versioned, Write } from '../configuration/configuration.js';
import { RefusedError, errorsOf } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import { WriteLock } from '../configuration/write-lock.js';
import type { ChannelWrite } from '../http/schemas.js';
import { REGISTRY } from '../tokens.js';
import { AddedTablesService } from './added-tables.service.js';
import { noteForced } from './forced.js';
import { homeChangeProblems } from './home-change.js';
import { RemovedTablesService } from './removed-tables.service.js';
import { channelProblems, newErrors } from './topology.js';
import { adoptedBy, UidService, withoutUids } from './uid.service.js';
import { WayBackService } from './way-back.service.js';

const kind = 'channel';

interface Checked {
  readonly version: number;
  /** What refuses the change, and is passed with force. */
  readonly passed: readonly Problem[];
}

@Injectable()
export class ChannelService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(WriteLock) private readonly lock: WriteLock,
    @Inject(AddedTablesService) private readonly addedTables: AddedTablesService,
    @Inject(RemovedTablesService) private readonly removedTables: RemovedTablesService,
    @Inject(WayBackService) private readonly wayBack: WayBackService,
    @Inject(UidService) private readonly uids: UidService,
  ) {}

  list(): Promise<readonly ChannelDocument[]> {
    return listDocuments(this.registry.channels);
  }

  find(name: string): Promise<Versioned<ChannelDocument>> {
    return findDocument(this.registry.channels, kind, name);
  }

  create(input: ChannelWrite): Promise<Versioned<ChannelDocument>> {
    return this.lock.run(async () => {
      const state = { state: 'stopped', attempt: 0 } as const;
      requireState(input, state);
      requireRules(input, await readConfiguration(this.registry));
      const document = { ...input, ...state, pipelines: await this.uids.of(input, []) };
      const revision = await this.registry.revision.raise(input.name);
      const created = await createDocument(this.registry.channels, kind, document);
      await this.uids.keep(document, adoptedBy(input), revision);
      return created;
    });
  }

  /**
   * A channel that is not stopped takes tables in only past the checks of a start, or with `force`. Servers are asked outside of the lock.
   */
  async replace(input: ChannelWrite, how: { ifMatch: Precondition; force: boolean }): Promise<Versioned<ChannelDocument>> {
    const write = { kind, name: input.name, ifMatch: how.ifMatch };
    for (;;) {
      const checked = await findForWrite(this.registry.channels, write);
      requireState(input, checked.document);
      requireRules(input, await readConfiguration(this.registry));
      const passed = await this.#refusals(checked.document, input, how.force);
      const written = await this.lock.run(() => this.#replace(input, write, { version: checked.version, passed }));
      if (!written) continue;
      await this.uids.fence(input.name, withoutUids(checked.document.pipelines, written.document.pipelines));
      return written;
    }
  }

  /** What refuses the change: with `force` it is passed. @throws RefusedError without */
  async #refusals(before: ChannelDocument, after: ChannelInput, force: boolean): Promise<readonly Problem[]> {
    const checks = [
      async () => requireSameHome(before, after),
      () => this.wayBack.require(before, after),
      () => this.removedTables.require(before, after),
      () => this.addedTables.require(before, after),
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

  /** null: it is no longer what was checked. */
  async #replace(input: ChannelWrite, write: Write, checked: Checked): Promise<Versioned<ChannelDocument> | null> {
    const { document, version } = await findForWrite(this.registry.channels, write);
    if (version !== checked.version) return null;
    const { state, attempt } = document;
    requireState(input, document);
    const configuration = await readConfiguration(this.registry);
    requireRules(input, configuration);
    requireOthers(input.name, input, configuration);
    const pipelines = await this.uids.of(input, document.pipelines);
    await this.removedTables.remember(document, input);
    // Also where nothing changes: so an operator says that a tree that was restored is right as it is.
    const revision = await this.registry.revision.raise(input.name);
    await this.uids.remove(input.name, withoutUids(document.pipelines, pipelines), revision);
    await noteForced(this.registry, { channel: input.name, where: 'change' }, checked.passed);
    const replaced = await replaceDocument(this.registry.channels, write, { ...input, pipelines, state, attempt }, version);
    await this.uids.keep(replaced.document, adoptedBy(input), revision);
    return replaced;
  }

  async remove(name: string, ifMatch: Precondition): Promise<void> {
    const write = { kind, name, ifMatch };
    const removed = await this.lock.run(async () => {
      const { document, version } = await findForRemoval(this.registry.channels, write);
      if (document && document.state !== 'stopped') {
        throw new SyncError('CONFIG_CONFLICT', `channel ${name} is ${document.state}; stop it first`, { details: { channel: name } });
      }
      if (document) requireOthers(name, null, await readConfiguration(this.registry));
      const revision = await this.registry.revision.raise(name);
      const pipelines = document ? document.pipelines : await this.uids.removeAllOf(name, revision);
      if (document) await this.uids.remove(name, document.pipelines, revision);
      await removeDocument(this.registry.channels, write, version);
      await this.registry.omissions.remove(`channel@${name}`);
      return pipelines;
    });
    await this.uids.fence(name, removed);
  }
}

/** Actions change these two; a body may repeat them, so that what GET gave can be sent back. */
function requireState(input: ChannelWrite, { state, attempt }: Pick<ChannelDocument, 'state' | 'attempt'>): void {
  if ((input.state ?? state) === state && (input.attempt ?? attempt) === attempt) return;
  const how = 'POST /api/v1/channels/<name>/start, pause, stop and retry change them';
  throw new SyncError('CONFIG_INVALID', `channel ${input.name}: state, attempt: cannot be set here; ${how}`);
}

/** @throws RefusedError CONFIG_INVALID with the whole list, warnings included */
function requireRules(channel: ChannelInput, configuration: Configuration): void {
  const problems = channelProblems(withChannel(channel.name, channel, configuration), channel);
  if (errorsOf(problems).length > 0) throw new RefusedError('CONFIG_INVALID', 'not written', problems); // they name the channel
}

/** @throws RefusedError CONFIG_CONFLICT */
function requireSameHome(before: ChannelDocument, after: ChannelInput): void {
  const problems = homeChangeProblems(before, after);
  if (problems.length > 0) throw new RefusedError('CONFIG_CONFLICT', `channel ${after.name} cannot be changed so yet`, problems);
}

/** Other channels may rest on this one: a mesh with one side gone is a chain. */
function requireOthers(name: string, channel: ChannelInput | null, configuration: Configuration): void {
  const errors = newErrors(configuration, withChannel(name, channel, configuration));
  if (errors.length > 0) throw new RefusedError('CONFIG_CONFLICT', `channel ${name} is needed by others`, errors);
}

function withChannel(name: string, channel: ChannelInput | null, configuration: Configuration) {
  const others: readonly ChannelInput[] = configuration.channels.filter((other) => other.name !== name);
  return { endpoints: configuration.endpoints, channels: channel ? [...others, channel] : others };
}
