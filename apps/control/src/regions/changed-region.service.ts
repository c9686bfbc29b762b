/**
 * What a region's Kafka must be that is changed while a channel runs: one that answers, and the one that has the topics of its endpoints.
 * With a wrong broker every worker of the region would stop where it worked; with another Kafka it would find no log.
 */
import { Inject, Injectable } from '@nestjs/common';
import { BusAdmin } from '@lutra/bus';
import { rowsTopic, toSyncError } from '@lutra/model';
import type { RegionDocument, RegionInput } from '@lutra/model';
import { kafkaClient, sealRegion } from '@lutra/registry';
import type { Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { refuseOrForce } from '../channels/forced.js';
import type { Forced } from '../channels/forced.js';
import { findDocument, listDocuments } from '../configuration/configuration.js';
import { problemId } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import { LOGGER, REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';

const requestTimeoutMs = 3_000;

@Injectable()
export class ChangedRegionService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly keyring: SecretKey,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Resolves with what `force` passes.
   * @throws RefusedError CONFIG_CONFLICT; SyncError CONFIG_INVALID: no force changes that
   */
  async require(input: RegionInput, force: boolean): Promise<readonly Forced[]> {
    const { document: before } = await findDocument(this.registry, 'region', input.name);
    const after = sealRegion({ keyring: this.keyring, input, stored: before });
    // A secret that was given is another text each time: only the broker can tell whether it is the same.
    if (JSON.stringify(before.kafka) === JSON.stringify(after.kafka)) return [];
    const endpoints = (await listDocuments(this.registry, 'endpoint'))
      .filter(({ region }) => region === after.name)
      .map(({ name }) => name);
    const users = (await listDocuments(this.registry, 'channel')).filter(
      ({ state, pipelines }) =>
        state !== 'stopped' && pipelines.some(({ source, target }) => [source, target].some((end) => endpoints.includes(end))),
    );
    if (users.length === 0) return [];
    return refuseOrForce({ what: `region ${after.name}`, users, force }, await this.#ask(after, endpoints));
  }

  async #ask(region: RegionDocument, endpoints: readonly string[]): Promise<readonly Problem[]> {
    const { name } = region;
    const topics = new BusAdmin({
      ...kafkaClient(this.keyring, region),
      clientId: 'lutra-control',
      logger: this.logger,
      requestTimeoutMs,
    });
    try {
      const lost: Problem[] = [];
      for (const endpoint of endpoints) {
        const topic = rowsTopic(endpoint);
        // Also where nothing was written yet: a Kafka that knows no topic at all has answered.
        if ((await topics.exists(topic)) || !(await this.registry.logs.read(endpoint))) continue;
        const what = `Kafka of region ${name} does not have topic ${topic}, which endpoint ${endpoint} has written: it is another Kafka`;
        const fix = `name brokers of the Kafka that has it; to begin in another one, stop the channels and POST /api/v1/endpoints/${endpoint}/reset`;
        lost.push({ id: 'topic-missing', severity: 'error', what, fix });
      }
      return lost;
    } catch (error) {
      const { code, message, help } = toSyncError(error);
      const fix = code === 'KAFKA_UNAVAILABLE' ? 'see that the brokers run, and check host, port and network' : help;
      return [{ id: problemId(code), severity: 'error', what: `Kafka of region ${name}: ${message}`, fix }];
    } finally {
      await topics.close();
    }
  }
}
