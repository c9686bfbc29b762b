/**
 * Carries operations out: each control looks for those that have not ended, and the one that has the lease of an operation works on it. A
 * control that dies is followed by another one, which begins its step anew: it looks first. Each write of the node is made from the version
 * that was read, so one that slept cannot undo what its successor has done; what it did at a server it did from the same step.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { toSyncError } from '@lutra/model';
import type { OperationDocument } from '@lutra/model';
import type { Registry, Versioned } from '@lutra/registry';
import { sleep, underLease } from '@lutra/runtime';
import type { Logger } from '@lutra/telemetry';
import { LOGGER, REGISTRY } from '../tokens.js';
import { OperationIoService } from './operation-io.service.js';
import { afterAbort, afterStep } from './run-step.js';

const lookMs = 2_000;
const stepMs = 500;

@Injectable()
export class OperationRunnerService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #stopping = new AbortController();
  /** By channel. */
  readonly #running = new Map<string, Promise<void>>();
  #work: Promise<void> | undefined;

  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(OperationIoService) private readonly io: OperationIoService,
  ) {}

  onApplicationBootstrap(): void {
    this.#work = this.#follow();
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
    await Promise.all(this.#running.values());
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#look().catch((error: unknown) => this.#tell(error));
      await sleep(lookMs, signal).catch(() => undefined); // the loop sees it
    }
  }

  async #look(): Promise<void> {
    for (const channel of await this.registry.operations.names()) {
      if (this.#running.has(channel)) continue;
      const found = await this.registry.operations.read(channel);
      if (found && found.document.endedAt === null) this.#take(channel);
    }
  }

  #take(channel: string): void {
    const ended = new AbortController();
    const lease = this.registry.lease(`operations/${channel}`);
    const running = underLease({
      acquire: (signal) => lease.acquire(signal),
      onStandby: () => undefined,
      onError: (error) => this.#tell(error),
      work: async (_, signal) => {
        await this.#carryOut(channel, signal);
        ended.abort();
      },
      signal: AbortSignal.any([this.#stopping.signal, ended.signal]),
    })
      .catch((error: unknown) => this.#tell(error))
      .finally(() => this.#running.delete(channel));
    this.#running.set(channel, running);
  }

  async #carryOut(channel: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const found = await this.registry.operations.read(channel);
      if (!found || found.document.endedAt !== null) return;
      const went = await this.#step(channel, found);
      if (!went) await sleep(stepMs, signal);
    }
  }

  /** False: nothing has changed, or somebody else has written. */
  async #step(channel: string, { document, version }: Versioned<OperationDocument>): Promise<boolean> {
    const io = this.io.of(channel);
    const context = { name: channel, operation: document, channel: await io.channel(), io };
    const after = await (document.state === 'aborting' ? afterAbort(context) : afterStep(context));
    if (after === document) return false;
    const isWritten = await this.registry.operations.replace(channel, after, version);
    if (isWritten) this.#log(channel, document, after);
    return isWritten;
  }

  #log(channel: string, before: OperationDocument, after: OperationDocument): void {
    const { kind, id, state, step, waitsFor } = after;
    const last = after.steps.length > before.steps.length ? after.steps.at(-1) : undefined;
    if (last) this.logger.info({ channel, kind, id, step: last.step }, `${kind} of channel ${channel}: ${last.what}`);
    if (waitsFor && waitsFor.what !== before.waitsFor?.what)
      this.logger.info({ channel, kind, id, step }, `${kind} of channel ${channel} waits: ${waitsFor.what}`);
    if (state !== before.state) this.logger.info({ channel, kind, id, state }, `${kind} of channel ${channel} is ${state}`);
  }

  #tell(error: unknown): void {
    const { code, message } = toSyncError(error);
    if (code !== 'ABORTED') this.logger.warn({ code }, `operations cannot be carried out yet: ${message}`);
  }
}
