/**
 * Start, pause, stop, retry: the state that is wanted of a channel, or of one pipeline of it. Idempotent; a change by someone else
 * meanwhile is read and built upon. A pipeline rises (stopped, paused, running) only past the checks, or with `force` past those of the
 * servers; the rules between channels bind always.
 */
import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import type { ClusterLevel } from '@lutra/host';
import { pipelineName, withDesired } from '@lutra/model';
import type { ChannelDocument, DesiredState } from '@lutra/model';
import type { Registry, Snapshot } from '@lutra/registry';
import { configurationOf, findDocument, found, requireReadable } from '../configuration/configuration.js';
import type { Versioned } from '../configuration/configuration.js';
import { RefusedError, errorsOf } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import { ConfigurationService } from '../configuration/configuration.service.js';
import type { Draft } from '../configuration/configuration.service.js';
import { EndpointCheckService } from '../endpoints/endpoint-check.service.js';
import { ChannelSeedService } from '../seeds/channel-seed.service.js';
import type { Seeding } from '../seeds/channel-seed.service.js';
import { LEVEL, REGISTRY } from '../tokens.js';
import { ChannelOperationsService } from './channel-operations.service.js';
import type { Writing } from './channel-operations.service.js';
import { forcedOperations } from './forced.js';
import { channelProblems } from './topology.js';
import { requireLifeLevel, risingOf, withRetry, withWanted } from './wanted.js';
import type { ActionSubject } from './wanted.js';

const kind = 'channel';

export interface ActionResult extends Versioned<ChannelDocument> {
  readonly problems: readonly Problem[];
}

@Injectable()
export class ChannelActionService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(ConfigurationService) private readonly configuration: ConfigurationService,
    @Inject(EndpointCheckService) private readonly checks: EndpointCheckService,
    @Inject(ChannelSeedService) private readonly seeds: ChannelSeedService,
    @Inject(ChannelOperationsService) private readonly operations: ChannelOperationsService,
    @Inject(LEVEL) private readonly level: Pick<ClusterLevel, 'current'>,
  ) {}

  start(of: ActionSubject, force: boolean): Promise<ActionResult> {
    return this.#leaveStopped(of, 'running', force);
  }

  /** From `stopped` this starts the captures, and so is checked like a start. */
  pause(of: ActionSubject, force: boolean): Promise<ActionResult> {
    return this.#leaveStopped(of, 'paused', force);
  }

  /** Of a channel also where what was wanted before cannot be read. */
  async stop(of: ActionSubject): Promise<ActionResult> {
    this.#requireLevel(of);
    const stopped = await this.configuration.write((snapshot, author) => {
      const { channel: name } = of;
      const damaged = snapshot.desired.get(name)?.error && of.pipeline === undefined ? snapshot.channels.get(name) : undefined;
      const { document, version } = damaged?.document
        ? { ...damaged, document: withDesired(damaged.document, undefined) }
        : found(snapshot, kind, name);
      const changed = withWanted(document, of, 'stopped');
      return this.#draft({ snapshot, author }, { document, version, force: damaged !== undefined }, changed);
    });
    return { ...stopped, problems: [] };
  }

  async retry(of: ActionSubject): Promise<ActionResult> {
    this.#requireLevel(of);
    const retried = await this.configuration.write((snapshot, author) => {
      const channel = found(snapshot, kind, of.channel);
      return this.#draft({ snapshot, author }, channel, withRetry(channel.document, of));
    });
    return { ...retried, problems: [] };
  }

  async #leaveStopped(of: ActionSubject, state: DesiredState, force: boolean): Promise<ActionResult> {
    const { channel: name } = of;
    this.#requireLevel(of);
    for (;;) {
      const { document, version } = await findDocument(this.registry, kind, name);
      const started = withWanted(document, of, state);
      const goesOn = risingOf(document, started).length === 0;
      const seeding = goesOn ? null : await this.seeds.pending(document);
      const problems = seeding ? await this.#problems(document, { seeding, started }) : [];
      if (!force) requireNone(nameOf(of), state, problems);
      if (seeding && !(await this.#beginSeeds({ document, version }, state, seeding))) continue;
      const result = await this.configuration.write<ActionResult | null>(async (snapshot, author) => {
        const channel = found(snapshot, kind, name);
        const changed = withWanted(channel.document, of, state);
        if (channel.version !== version || !isDeepStrictEqual(risingOf(channel.document, changed), risingOf(document, started)))
          return { answer: null };
        const rules = goesOn ? [] : startProblems(snapshot, channel.document, state);
        const { answer, operations = [] } = this.#draft({ snapshot, author }, channel, changed);
        const noted = await forcedOperations(this.registry, [{ channel: name, where: 'start', problems }]);
        return { answer: { ...answer, problems: [...rules, ...problems] }, operations: [...operations, ...noted] };
      });
      if (result) return result;
    }
  }

  /** The rules come first: they bind always, and what is refused by them orders nothing. False: the channel is not what it was. */
  async #beginSeeds({ document, version }: Versioned<ChannelDocument>, state: DesiredState, seeding: Seeding): Promise<boolean> {
    if (seeding.plan.length === 0) return true;
    startProblems(await this.registry.snapshot.latest(), document, state);
    return this.seeds.begin(document, version, seeding);
  }

  /** Tables that a seed creates may be missing at the targets. */
  async #problems(
    channel: ChannelDocument,
    { seeding, started }: { readonly seeding: Seeding; readonly started: ChannelDocument },
  ): Promise<readonly Problem[]> {
    const checked = await this.checks.checkChannel({ ...channel, seed: seeding.creates }, undefined, risingOf(channel, started));
    // What a server that cannot be asked says is in the list already.
    if (seeding.plan.length === 0 || errorsOf(checked).length > 0) return checked;
    return [...checked, ...(await this.seeds.problems(channel, seeding))];
  }

  /** What the channel is with other wishes; no operation where they are what they were. */
  #draft(
    writing: Writing,
    { document, version, force }: Versioned<ChannelDocument> & { readonly force?: boolean },
    changed: ChannelDocument,
  ): Draft<Versioned<ChannelDocument>> {
    const answer = { document: changed, version };
    if (!force && isDeepStrictEqual(changed, document)) return { answer };
    const operations = [this.operations.wanting(changed.name, changed, { ...writing, wishes: changed.wishes ?? {} })];
    return { answer, operations };
  }

  /** @throws SyncError CONFIG_CONFLICT */
  #requireLevel({ pipeline }: ActionSubject): void {
    if (pipeline !== undefined) requireLifeLevel(this.level.current);
  }
}

/** @throws RefusedError CONFIG_CONFLICT with the whole list */
function startProblems(snapshot: Snapshot, channel: ChannelDocument, state: DesiredState): readonly Problem[] {
  requireReadable(snapshot, kind, `channel ${channel.name} cannot be ${state} yet`);
  const rules = channelProblems(configurationOf(snapshot), channel);
  requireNone(`channel ${channel.name}`, state, rules);
  return rules;
}

/** @throws RefusedError CONFIG_CONFLICT with the whole list */
function requireNone(what: string, state: DesiredState, problems: readonly Problem[]): void {
  if (errorsOf(problems).length > 0) throw new RefusedError('CONFIG_CONFLICT', `${what} cannot be ${state} yet`, problems);
}

function nameOf({ channel, pipeline }: ActionSubject): string {
  return pipeline === undefined ? `channel ${channel}` : `pipeline ${pipelineName(channel, pipeline)}`;
}
