/** Takes back what was done on a database server, and nothing else: never under a channel that uses it. */
import { Inject, Injectable } from '@nestjs/common';
import { SyncError } from '@lutra/model';
import type { Prepared } from '@lutra/model';
import { Preparation, stepId } from '@lutra/mysql';
import type { Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { configurationOf } from '../configuration/configuration.js';
import { LOGGER, REGISTRY } from '../tokens.js';
import { administratorOf, hashOf, requireSameServer } from './prepare.service.js';
import type { UnprepareBody, UnpreparedAnswer } from './prepare.schemas.js';
import { requireSafeServer } from './transport.js';

@Injectable()
export class UnprepareService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws SyncError CONFIG_MISSING: nothing was done for it; CONFIG_CONFLICT: it is in use; PLAN_OUTDATED */
  async unprepare(body: UnprepareBody): Promise<UnpreparedAnswer> {
    const { endpoint } = body;
    requireSafeServer(body.server);
    const record = await this.registry.prepared.read(endpoint);
    if (!record) throw new SyncError('CONFIG_MISSING', `Lutra has prepared no server for an endpoint ${endpoint}`);
    const prepared = record.document;
    requireSameServer(prepared, body);
    await this.#requireUnused(prepared);
    const preparation = await Preparation.open(administratorOf(body));
    try {
      await requireNobody(preparation, prepared);
      const undo = await preparation.undoable(prepared);
      const steps = undo.map(({ step, sql }) => ({ id: stepId(step), sql: [...sql], done: false }));
      const kept = prepared.steps
        .filter(({ kind }) => kind === 'setting')
        .map(stepId)
        .filter((id) => !steps.some((step) => step.id === id));
      const hash = hashOf({ undo: endpoint, steps });
      if (body.hash === undefined) return { steps, kept, hash, done: false };
      if (body.hash !== hash)
        throw new SyncError('PLAN_OUTDATED', `what would be taken back is no longer what was shown; nothing was done`);
      await preparation.undo(undo, prepared);
      await this.registry.prepared.remove(endpoint);
      this.logger.info({ endpoint, steps: steps.map(({ id }) => id) }, 'what had been done on a database server was taken back');
      return { steps: steps.map((step) => ({ ...step, done: true })), kept, hash, done: true };
    } finally {
      await preparation.close();
    }
  }

  /** Other endpoints may be the same server, and have been prepared by what was done for this one. */
  async #requireUnused({ endpoint, host, port }: Prepared): Promise<void> {
    const { endpoints, channels } = configurationOf(await this.registry.snapshot.latest());
    const same = endpoints.filter((one) => one.name === endpoint || (one.host === host && one.port === port)).map(({ name }) => name);
    const users = channels.filter(({ pipelines }) =>
      pipelines.some(({ source, target }) => same.includes(source) || same.includes(target)),
    );
    if (users.length === 0) return;
    const names = users.map(({ name }) => name).join(', ');
    throw new SyncError('CONFIG_CONFLICT', `endpoint ${endpoint} is in use by channel ${names}: remove it first`, {
      details: { endpoint, usedBy: names },
    });
  }
}

/** Also one of another Lutra, which this one cannot know. @throws SyncError CONFIG_CONFLICT */
async function requireNobody(preparation: Preparation, { account, host }: Prepared): Promise<void> {
  const sessions = await preparation.sessionsOf(account);
  if (sessions > 0)
    throw new SyncError('CONFIG_CONFLICT', `the user ${account.user} has ${sessions} sessions at ${host}: somebody still works with it`);
}
