/**
 * A way back is added to a channel that flowed one way. What is suspended there by then would be suspended both ways from the beginning, or
 * stop both; and bringing it back is simpler while it flows one way. So the change is refused while something is, or while nobody can say.
 * With force it is safe: a capture reads at its server what is suspended there before it publishes (docs/decisions/0023).
 */
import { Inject, Injectable } from '@nestjs/common';
import { flowsBothWays, pipelineName, suspendedOf, tableName, toSyncError, without } from '@lutra/model';
import type { ChannelDocument, ChannelInput, PipelineInput, PipelineUid, TableName } from '@lutra/model';
import { readSuspended } from '@lutra/mysql';
import { openPassword } from '@lutra/registry';
import type { Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { findDocument } from '../configuration/configuration.js';
import { RefusedError } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import { limited, problemOf } from '../endpoints/server-checks.js';
import { LOGGER, REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';

@Injectable()
export class WayBackService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly key: SecretKey,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws RefusedError CONFIG_CONFLICT with the tables, and the targets that cannot be asked */
  async require(before: ChannelDocument, after: ChannelInput): Promise<void> {
    if (flowsBothWays(before.pipelines) || !flowsBothWays(after.pipelines)) return;
    const problems: Problem[] = [];
    for (const now of after.pipelines) {
      const old = before.pipelines.find(({ name, target }) => name === now.name && target === now.target);
      if (old) problems.push(...(await this.#problems({ id: pipelineName(before.name, now.name), uid: old.uid }, now)));
    }
    if (problems.length > 0) throw new RefusedError('CONFIG_CONFLICT', `channel ${after.name} cannot be changed so yet`, problems);
  }

  /** By the target, and by the log, whose position the loader may not have reached. */
  async #problems({ id, uid }: { readonly id: string; readonly uid: PipelineUid }, pipeline: PipelineInput): Promise<readonly Problem[]> {
    const { document: target } = await findDocument(this.registry, 'endpoint', pipeline.target);
    const log = (await this.registry.logs.read(pipeline.source))?.document.routes?.suspended ?? [];
    const inLog = suspendedOf({ suspended: log }, pipeline);
    const login = limited({ ...target, password: openPassword(this.key, target) });
    try {
      const there = suspendedOf({ suspended: await readSuspended(login, uid) }, pipeline);
      return [...there, ...without(inLog, there)].map((table) => suspendedProblem(table, id));
    } catch (error) {
      if (toSyncError(error).code === 'INTERNAL') throw error;
      const unasked = problemOf(error, this.logger);
      const what = `endpoint ${target.name} cannot say which tables pipeline ${id} has suspended: ${unasked.what}`;
      const fix = `${unasked.fix ?? 'Fix that'}; or say ?force=true: capture of ${target.name} reads there what it must leave out before it publishes`;
      return [...inLog.map((table) => suspendedProblem(table, id)), { ...unasked, what, fix }];
    }
  }
}

function suspendedProblem(table: TableName, id: string): Problem {
  return {
    id: 'way-back-suspended',
    severity: 'error',
    what: `${tableName(table)} is suspended in pipeline ${id}, and the change lets tables flow both ways`,
    fix: 'Bring the table back first (docs/02-setup.md, A table that is suspended), or put it into "exclude" of all pipelines of the channel.',
    table: tableName(table),
  };
}
