/** What people do with operations: begin one, confirm a step, accept what it waits for, lend it a login, take it back. */
import { Inject, Injectable } from '@nestjs/common';
import { randomId, SyncError } from '@lutra/model';
import type { OperationDocument, OperationStep } from '@lutra/model';
import type { Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { currentAuthor } from '../configuration/author.js';
import { findDocument } from '../configuration/configuration.js';
import { LOGGER, REGISTRY } from '../tokens.js';
import { endsOf } from './operation-ends.js';
import { closeServer, OperationIoService } from './operation-io.service.js';
import type { Abort, Confirm, OperationAnswer, OperationShown, OperationWrite, ReadOnlyLogin, Resume } from './operation.schemas.js';
import { afterStep } from './run-step.js';
import { mayAbort, stepsOf } from './steps.js';

@Injectable()
export class OperationService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(OperationIoService) private readonly io: OperationIoService,
  ) {}

  /** @throws SyncError CONFIG_MISSING, CONFIG_INVALID, CONFIG_CONFLICT (another one is under way) */
  async begin(channel: string, write: OperationWrite, { dryRun }: { readonly dryRun: boolean }): Promise<OperationAnswer> {
    const { document } = await findDocument(this.registry, 'channel', channel);
    const ends = endsOf(document, write);
    const operation = begun(write, ends);
    if (dryRun) return this.#look(channel, operation);
    const known = await this.registry.operations.read(channel);
    if (known && known.document.endedAt === null) throw underWay(channel, known.document);
    if (!(await this.registry.operations.replace(channel, operation, known?.version ?? null)))
      throw new SyncError('CONFIG_CONFLICT', `another operation of channel ${channel} has begun meanwhile`);
    this.logger.warn(
      { channel, kind: operation.kind, ...ends, by: operation.by, reason: operation.reason },
      `${operation.kind} of channel ${channel} begins`,
    );
    return shown(channel, operation);
  }

  async #look(name: string, operation: OperationDocument): Promise<OperationAnswer> {
    const io = this.io.of(name);
    const { from, to, kind } = operation;
    const after = await afterStep({ name, operation, channel: await io.channel(), io });
    const found = after.waitsFor?.what ?? after.steps[0]?.what ?? '';
    return { from, to, steps: [...stepsOf[kind]], found, ok: after.waitsFor === null, fix: after.waitsFor?.fix ?? null };
  }

  async find(channel: string): Promise<OperationShown> {
    const found = await this.registry.operations.read(channel);
    if (!found) throw new SyncError('CONFIG_MISSING', `channel ${channel} has no operation`);
    return shown(channel, found.document);
  }

  async list(isVisible: (channel: string) => boolean): Promise<readonly OperationShown[]> {
    const names = (await this.registry.operations.names()).filter(isVisible);
    const found = await Promise.all(names.map(async (name) => ({ name, read: await this.registry.operations.read(name) })));
    return found.flatMap(({ name, read }) => (read ? [shown(name, read.document)] : []));
  }

  confirm(channel: string, { id, step }: Confirm): Promise<OperationShown> {
    return this.#change(channel, id, (operation) => {
      if (operation.step !== step || operation.state !== 'running')
        throw new SyncError('CONFIG_CONFLICT', `the operation of channel ${channel} is at ${operation.step}, not at ${step}`);
      return { ...operation, confirmed: [...new Set<OperationStep>([...operation.confirmed, step])] };
    });
  }

  accept(channel: string, { id, accept }: Resume): Promise<OperationShown> {
    return this.#change(channel, id, (operation) => ({ ...operation, accept: [...new Set([...operation.accept, ...accept])] }));
  }

  abort(channel: string, { id, reason }: Abort): Promise<OperationShown> {
    return this.#change(channel, id, (operation) => {
      if (!mayAbort(operation.step))
        throw new SyncError('CONFIG_CONFLICT', `clients may write at ${operation.to} already: begin a fail-back instead of an abort`);
      const told = `aborted by ${currentAuthor().by}: ${reason}`;
      const steps = [...operation.steps, { step: operation.step, what: told, at: Date.now() }];
      return { ...operation, state: 'aborting', waitsFor: null, steps };
    });
  }

  /** Carried out here and now: the login is in no document, and in no other process. */
  async setReadOnly(channel: string, { id, user, password }: ReadOnlyLogin): Promise<OperationShown> {
    const found = await this.registry.operations.read(channel);
    if (found?.document.id !== id || found.document.endedAt !== null) throw gone(channel, id);
    const turn = turnOf(found.document);
    if (!turn)
      throw new SyncError('CONFIG_CONFLICT', `the operation of channel ${channel} is at ${found.document.step}, and needs no login there`);
    for (const endpoint of turn.endpoints) {
      await this.io.through(endpoint, (session) => closeServer(session, turn.isClosed), { user, password });
      this.logger.warn(
        { channel, endpoint, isReadOnly: turn.isClosed, by: currentAuthor().by },
        'read_only was set with a login that a person lent',
      );
    }
    return shown(channel, found.document);
  }

  async remove(channel: string): Promise<void> {
    const found = await this.registry.operations.read(channel);
    if (found && found.document.endedAt === null) throw underWay(channel, found.document);
    await this.registry.operations.remove(channel);
  }

  async #change(channel: string, id: string, changed: (operation: OperationDocument) => OperationDocument): Promise<OperationShown> {
    for (;;) {
      const found = await this.registry.operations.read(channel);
      if (found?.document.id !== id || found.document.endedAt !== null) throw gone(channel, id);
      const after = changed(found.document);
      if (await this.registry.operations.replace(channel, after, found.version)) return shown(channel, after);
    }
  }
}

function begun(
  { kind, count, moveHome, accept, reason }: OperationWrite,
  ends: { readonly from: string; readonly to: string },
): OperationDocument {
  const facts = { fences: {} };
  const nothing = { steps: [], waitsFor: null, confirmed: [], facts, endedAt: null };
  return {
    id: randomId(),
    kind,
    ...ends,
    count,
    moveHome,
    accept,
    state: 'running',
    step: 'check',
    ...nothing,
    by: currentAuthor().by,
    reason,
    at: Date.now(),
  };
}

/** Which servers a login may close or open now. Null: none. */
function turnOf({
  step,
  state,
  from,
  to,
  moveHome,
  facts,
}: OperationDocument): { readonly endpoints: readonly string[]; readonly isClosed: boolean } | null {
  const closedByUs = Object.entries(facts.fences).flatMap(([endpoint, { byUs }]) => (byUs ? [endpoint] : []));
  if (state === 'aborting') return { endpoints: closedByUs, isClosed: false };
  if (step === 'fence') return { endpoints: moveHome ? [from, to] : [from], isClosed: true };
  if (step === 'open') return { endpoints: [to], isClosed: false };
  return null;
}

function shown(channel: string, operation: OperationDocument): OperationShown {
  const steps = stepsOf[operation.kind];
  const left = operation.endedAt === null && operation.state === 'running' ? steps.slice(steps.indexOf(operation.step)) : [];
  return {
    ...operation,
    channel,
    left: [...left],
    mayAbort: operation.endedAt === null && operation.state === 'running' && mayAbort(operation.step),
  };
}

function underWay(channel: string, { kind, step }: OperationDocument): SyncError {
  return new SyncError('CONFIG_CONFLICT', `a ${kind} of channel ${channel} is under way (at ${step}): abort it, or wait for its end`);
}

function gone(channel: string, id: string): SyncError {
  return new SyncError('CONFIG_CONFLICT', `channel ${channel} has no operation ${id} that is under way`);
}
