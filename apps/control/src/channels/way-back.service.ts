/**
 * A way back is added to a channel that flowed one way. What is suspended there by then would be suspended both ways from the beginning, or
 * stop both; and bringing it back is simpler while it flows one way. So the change is refused while something is.
 */
import { Inject, Injectable } from '@nestjs/common';
import { flowsBothWays, pipelineId, suspendedOf, tableName, without } from '@lutra/model';
import type { ChannelDocument, ChannelInput, PipelineDocument, TableName } from '@lutra/model';
import { readSuspended } from '@lutra/mysql';
import { openPassword } from '@lutra/registry';
import type { Registry } from '@lutra/registry';
import { findDocument } from '../configuration/configuration.js';
import { RefusedError } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import { REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';

const connectTimeoutMs = 5_000;

@Injectable()
export class WayBackService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly key: SecretKey,
  ) {}

  /** @throws RefusedError CONFIG_CONFLICT with the tables; TARGET_* where nobody can say */
  async require(before: ChannelDocument, after: ChannelInput): Promise<void> {
    if (flowsBothWays(before.pipelines) || !flowsBothWays(after.pipelines)) return;
    const problems: Problem[] = [];
    for (const now of after.pipelines) {
      const old = before.pipelines.find(({ name, target }) => name === now.name && target === now.target);
      const id = pipelineId(before.name, now.name);
      if (old) problems.push(...(await this.#suspended(id, now)).map((table) => problemOf(table, id)));
    }
    if (problems.length > 0) throw new RefusedError('CONFIG_CONFLICT', `channel ${after.name} cannot be changed so yet`, problems);
  }

  /** By the target, and by the log, whose position the loader may not have reached. */
  async #suspended(id: string, pipeline: PipelineDocument): Promise<readonly TableName[]> {
    const { document: target } = await findDocument(this.registry.endpoints, 'endpoint', pipeline.target);
    const { host, port, user, tls, publicKey } = target;
    const connection = { host, port, user, password: openPassword(this.key, target), tls, publicKey, connectTimeoutMs };
    const there = suspendedOf({ suspended: await readSuspended(connection, id) }, pipeline);
    const log = (await this.registry.logs.read(pipeline.source))?.document.routes?.suspended ?? [];
    return [...there, ...without(suspendedOf({ suspended: log }, pipeline), there)];
  }
}

function problemOf(table: TableName, id: string): Problem {
  return {
    id: 'way-back-suspended',
    severity: 'error',
    what: `${tableName(table)} is suspended in pipeline ${id}, and the change lets tables flow both ways`,
    fix: 'Bring the table back first (docs/02-setup.md, A table that is suspended), or put it into "exclude" of all pipelines of the channel.',
  };
}
