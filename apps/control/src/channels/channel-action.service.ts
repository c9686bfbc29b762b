/**
 * Start, pause, stop, retry: the state that is wanted. Idempotent; a change by someone else meanwhile is read and built upon. A channel
 * leaves `stopped` only past the checks, or with `force` past those of the servers; the rules between channels bind always.
 */
import { Inject, Injectable } from '@nestjs/common';
import { toSyncError } from '@lutra/model';
import type { ChannelDocument, DesiredState } from '@lutra/model';
import type { Registry } from '@lutra/registry';
import { findDocument, readConfiguration } from '../configuration/configuration.js';
import type { Versioned } from '../configuration/configuration.js';
import { RefusedError, errorsOf } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import { WriteLock } from '../configuration/write-lock.js';
import { EndpointCheckService } from '../endpoints/endpoint-check.service.js';
import { REGISTRY } from '../tokens.js';
import { noteForced } from './forced.js';
import { channelProblems } from './topology.js';

const tries = 20;

export interface ActionResult extends Versioned<ChannelDocument> {
  readonly problems: readonly Problem[];
}

@Injectable()
export class ChannelActionService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(WriteLock) private readonly lock: WriteLock,
    @Inject(EndpointCheckService) private readonly checks: EndpointCheckService,
  ) {}

  start(name: string, force: boolean): Promise<ActionResult> {
    return this.#leaveStopped(name, 'running', force);
  }

  /** From `stopped` this starts the captures, and so is checked like a start. */
  pause(name: string, force: boolean): Promise<ActionResult> {
    return this.#leaveStopped(name, 'paused', force);
  }

  async stop(name: string): Promise<ActionResult> {
    return { ...(await this.#change(name, (channel) => ({ ...channel, state: 'stopped' }))), problems: [] };
  }

  async retry(name: string): Promise<ActionResult> {
    return { ...(await this.#change(name, (channel) => ({ ...channel, attempt: channel.attempt + 1 }))), problems: [] };
  }

  async #leaveStopped(name: string, state: DesiredState, force: boolean): Promise<ActionResult> {
    const { document } = await findDocument(this.registry.channels, 'channel', name);
    const goesOn = document.state === state || (document.state === 'running' && state === 'paused');
    const problems = goesOn ? [] : await this.checks.checkChannel(document);
    if (!force) requireNone(name, state, problems);
    const change = (channel: ChannelDocument): ChannelDocument => ({ ...channel, state });
    if (goesOn) return { ...(await this.#change(name, change)), problems };
    return this.lock.run(async () => {
      const configuration = await readConfiguration(this.registry);
      const current = configuration.channels.find((channel) => channel.name === name) ?? document;
      const rules = channelProblems(configuration, current);
      requireNone(name, state, rules);
      await noteForced(this.registry, { channel: name, where: 'start' }, problems);
      return { ...(await this.#change(name, change)), problems: [...rules, ...problems] };
    });
  }

  async #change(name: string, change: (channel: ChannelDocument) => ChannelDocument): Promise<Versioned<ChannelDocument>> {
    for (let left = tries; ; left--) {
      const { document, version } = await findDocument(this.registry.channels, 'channel', name);
      const changed = change(document);
      if (changed.state === document.state && changed.attempt === document.attempt) return { document, version };
      try {
        return { document: changed, version: await this.registry.channels.replace(name, changed, version) };
      } catch (error) {
        if (toSyncError(error).code !== 'CONFIG_CONFLICT' || left === 0) throw error;
      }
    }
  }
}

/** @throws RefusedError CONFIG_CONFLICT with the whole list */
function requireNone(name: string, state: DesiredState, problems: readonly Problem[]): void {
  if (errorsOf(problems).length > 0) throw new RefusedError('CONFIG_CONFLICT', `channel ${name} cannot be ${state} yet`, problems);
}
