/**
 * Start, pause, stop, retry: the state that is wanted. Idempotent; a change by someone else meanwhile is read and built upon. A channel
 * leaves `stopped` only past the checks, or with `force` past those of the servers; the rules between channels bind always.
 */
import { Inject, Injectable } from '@nestjs/common';
import { withDesired } from '@lutra/model';
import type { ChannelDocument, DesiredState } from '@lutra/model';
import type { Author, Operation, Registry, Snapshot } from '@lutra/registry';
import { configurationOf, findDocument, found, requireReadable } from '../configuration/configuration.js';
import type { Versioned } from '../configuration/configuration.js';
import { RefusedError, errorsOf } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import { ConfigurationService } from '../configuration/configuration.service.js';
import type { Draft } from '../configuration/configuration.service.js';
import { EndpointCheckService } from '../endpoints/endpoint-check.service.js';
import { ChannelSeedService } from '../seeds/channel-seed.service.js';
import type { Seeding } from '../seeds/channel-seed.service.js';
import { REGISTRY } from '../tokens.js';
import { forcedOperations } from './forced.js';
import { channelProblems } from './topology.js';

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
  ) {}

  start(name: string, force: boolean): Promise<ActionResult> {
    return this.#leaveStopped(name, 'running', force);
  }

  /** From `stopped` this starts the captures, and so is checked like a start. */
  pause(name: string, force: boolean): Promise<ActionResult> {
    return this.#leaveStopped(name, 'paused', force);
  }

  /** Also where what was wanted before cannot be read. */
  async stop(name: string): Promise<ActionResult> {
    const stopped = await this.configuration.write((snapshot, author) => {
      const damaged = snapshot.desired.get(name)?.error ? snapshot.channels.get(name) : undefined;
      const { document, version } = damaged?.document
        ? { ...damaged, document: withDesired(damaged.document, undefined) }
        : found(snapshot, kind, name);
      return this.#draft({ snapshot, author }, { document, version, force: damaged !== undefined }, { state: 'stopped' });
    });
    return { ...stopped, problems: [] };
  }

  async retry(name: string): Promise<ActionResult> {
    const retried = await this.configuration.write((snapshot, author) => {
      const channel = found(snapshot, kind, name);
      return this.#draft({ snapshot, author }, channel, { attempt: channel.document.attempt + 1 });
    });
    return { ...retried, problems: [] };
  }

  async #leaveStopped(name: string, state: DesiredState, force: boolean): Promise<ActionResult> {
    for (;;) {
      const { document, version } = await findDocument(this.registry, kind, name);
      const goesOn = continues(document, state);
      const seeding = goesOn ? null : await this.seeds.pending(document);
      const problems = seeding ? await this.#problems(document, seeding) : [];
      if (!force) requireNone(name, state, problems);
      if (seeding && !(await this.#beginSeeds({ document, version }, state, seeding))) continue;
      const result = await this.configuration.write<ActionResult | null>(async (snapshot, author) => {
        const channel = found(snapshot, kind, name);
        if (channel.version !== version || continues(channel.document, state) !== goesOn) return { answer: null };
        const rules = goesOn ? [] : startProblems(snapshot, channel.document, state);
        const { answer, operations = [] } = this.#draft({ snapshot, author }, channel, { state });
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
  async #problems(channel: ChannelDocument, seeding: Seeding): Promise<readonly Problem[]> {
    const checked = await this.checks.checkChannel({ ...channel, seed: seeding.creates });
    // What a server that cannot be asked says is in the list already.
    if (seeding.plan.length === 0 || errorsOf(checked).length > 0) return checked;
    return [...checked, ...(await this.seeds.problems(channel, seeding))];
  }

  /** What the channel is with other wishes; no operation where they are what they were. */
  #draft(
    { snapshot, author }: { readonly snapshot: Snapshot; readonly author: Author },
    { document, version, force }: Versioned<ChannelDocument> & { readonly force?: boolean },
    wishes: Partial<Pick<ChannelDocument, 'state' | 'attempt'>>,
  ): Draft<Versioned<ChannelDocument>> {
    const changed = { ...document, ...wishes };
    const answer = { document: changed, version };
    if (!force && changed.state === document.state && changed.attempt === document.attempt) return { answer };
    const { name, state, attempt } = changed;
    const known = snapshot.desired.get(name)?.version ?? null;
    const desired = { state, attempt, by: author.by, at: Date.now() };
    const operations: Operation[] = [this.registry.configuration.desiredOperation(name, known, desired)];
    return { answer, operations };
  }
}

/** Captures that work already are not checked like a start. */
function continues(channel: ChannelDocument, state: DesiredState): boolean {
  return channel.state === state || (channel.state === 'running' && state === 'paused');
}

/** @throws RefusedError CONFIG_CONFLICT with the whole list */
function startProblems(snapshot: Snapshot, channel: ChannelDocument, state: DesiredState): readonly Problem[] {
  requireReadable(snapshot, kind, `channel ${channel.name} cannot be ${state} yet`);
  const rules = channelProblems(configurationOf(snapshot), channel);
  requireNone(channel.name, state, rules);
  return rules;
}

/** @throws RefusedError CONFIG_CONFLICT with the whole list */
function requireNone(name: string, state: DesiredState, problems: readonly Problem[]): void {
  if (errorsOf(problems).length > 0) throw new RefusedError('CONFIG_CONFLICT', `channel ${name} cannot be ${state} yet`, problems);
}
