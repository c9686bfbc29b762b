/**
 * Control as an object with a lifetime: REST API, schema registry API, probes. Stateless: all it knows is in ZooKeeper. It listens also
 * while ZooKeeper does not answer (503 with the reason), and recovers by itself.
 */
import 'reflect-metadata';
import { StandardSchemaValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { BoundedHttp, ClusterLevel, lutraVersion } from '@lutra/host';
import { regressionError, SyncError, toSyncError } from '@lutra/model';
import type { Regression } from '@lutra/model';
import { Registry, TreeFollower } from '@lutra/registry';
import { Health, Metrics } from '@lutra/telemetry';
import type { Logger } from '@lutra/telemetry';
import { knowAuthor } from './configuration/author.js';
import { controlModule } from './control.module.js';
import type { ControlParts } from './control.module.js';
import type { Environment } from './environment.js';
import { restoreLimit, isRestore } from './backup/backup.schemas.js';
import { authorization } from './http/authorization.js';
import { bodyLimit, boundDepth, documentLimit, isPlan } from './http/bodies.js';
import { ErrorFilter } from './http/error.filter.js';
import { setUpDocs } from './http/openapi.js';
import { requestLog } from './http/request-log.js';
import { WrongTokens } from './http/wrong-tokens.js';
import { NestLogger } from './nest-logger.js';
import type { SecretKey } from './tokens.js';

export interface ControlOptions {
  readonly environment: Environment;
  readonly secretKey: SecretKey;
  readonly logger: Logger;
  /** How long a request may take to arrive; default 30 s. */
  readonly requestMs?: number;
}

export interface ControlApp {
  /** Resolves with the base URL when requests are answered; does not wait for ZooKeeper. */
  listen(): Promise<string>;
  /** Answers what it has accepted, then ends the ZooKeeper session. */
  close(): Promise<void>;
}

const firstConnectionMs = 3_000;
/** How long requests may take to be answered once the end has come. */
const answerMs = 5_000;

export async function createApp({ environment, secretKey, logger, requestMs }: ControlOptions): Promise<ControlApp> {
  const { zooKeeper, root, digest, sessionMs } = environment;
  const registry = new Registry({ connect: zooKeeper, root, digest, sessionTimeoutMs: sessionMs, logger });
  const metrics = new Metrics('control');
  const health = new Health();
  health.watch('zookeeper', () => registry.access.trouble);
  registry.session.onChange((change) => metrics.connected.set({ name: '', to: 'zookeeper' }, change.kind === 'connected' ? 1 : 0));
  const region = environment.region ?? null;
  const level = new ClusterLevel({ app: 'control', region, registry, secretKey, metrics, health, logger, begins: true });
  const tree = new TreeFollower(registry);
  // Not ready would mean: no requests, and so nobody could adopt the tree.
  health.note('configuration', () => regressedText(tree.regression));
  const parts = { environment, registry, tree, secretKey, level, metrics, health, logger };
  const nest = await createNest(parts, new BoundedHttp({ requestMs }));
  const stopping = new AbortController();
  let started: Promise<void> | undefined;
  let endFollowing = (): void => undefined;

  return {
    async listen() {
      started = registry.start(stopping.signal).catch((error: unknown) => {
        if (!stopping.signal.aborted) health.fail(toSyncError(error).message);
      });
      level.start();
      endFollowing = followTree(tree, { metrics, logger });
      if (digest !== undefined) void started.then(() => closeOpenNodes(registry, logger));
      await Promise.race([started, pause(firstConnectionMs)]);
      await nest.listen(environment.port, environment.host);
      if (environment.token === undefined)
        logger.warn({ host: environment.host }, 'no LUTRA_API_TOKEN: open to every user of this machine');
      const url = await nest.getUrl();
      logger.info({ url, version: lutraVersion() }, 'control listens');
      return url;
    },
    async close() {
      stopping.abort(new SyncError('ABORTED', 'control is shutting down'));
      // A connection without a request is none that the server closes by itself.
      const cut = setTimeout(() => nest.getHttpServer().closeAllConnections(), answerMs);
      await nest.close().finally(() => clearTimeout(cut));
      endFollowing();
      await registry.stop();
      await started;
    },
  };
}

/** Remembers the highest revision, as the apps do: writes are refused in a tree that does not continue it. */
function followTree(tree: TreeFollower, { metrics, logger }: Pick<ControlParts, 'metrics' | 'logger'>): () => void {
  return tree.follow({
    onRegression: (regression) => {
      metrics.configurationRegressed.set(regression ? 1 : 0);
      if (regression) logger.error({ code: 'CONFIG_REGRESSED' }, `${regressedText(regression)}: the configuration cannot be changed`);
      else logger.info('the configuration in ZooKeeper continues the one that is known');
    },
    onInvalid: (name, error) =>
      logger.error({ document: name, code: error.code, err: error }, 'cannot read the state of the configuration'),
  });
}

function regressedText(regression: Regression | null): string | null {
  return regression && `CONFIG_REGRESSED: ${regressionError('control', regression).message}`;
}

/** Those of a time without ZOOKEEPER_DIGEST. */
async function closeOpenNodes(registry: Registry, logger: Logger): Promise<void> {
  try {
    const closed = await registry.access.close();
    if (closed > 0) logger.warn({ closed }, 'nodes in ZooKeeper that everybody could change now belong to ZOOKEEPER_DIGEST');
  } catch (error) {
    const { code, message } = toSyncError(error);
    if (code !== 'ABORTED') logger.error({ code }, `nodes in ZooKeeper may be open to everybody: ${message}`);
  }
}

async function createNest(parts: ControlParts, http: BoundedHttp): Promise<NestExpressApplication> {
  const { environment, logger, metrics } = parts;
  const nest = await NestFactory.create<NestExpressApplication>(controlModule(parts), http, {
    bodyParser: false,
    logger: new NestLogger(logger),
  });
  nest.use(requestLog(logger, metrics));
  nest.use(authorization({ ...environment, wrongTokens: new WrongTokens(logger) })); // before bodies are read
  nest.useBodyParser('json', { limit: restoreLimit, type: isRestore, verify: boundDepth });
  nest.useBodyParser('json', { limit: documentLimit, type: isPlan, verify: boundDepth });
  nest.useBodyParser('json', { limit: bodyLimit, verify: boundDepth, type: ['application/json', 'application/*+json'] });
  nest.use(knowAuthor);
  nest.useGlobalPipes(new StandardSchemaValidationPipe({ exceptionFactory: invalid }));
  nest.useGlobalFilters(new ErrorFilter(logger, () => http.getInstance()));
  setUpDocs(nest, lutraVersion());
  return nest;
}

type Issue = Parameters<
  NonNullable<NonNullable<ConstructorParameters<typeof StandardSchemaValidationPipe>[0]>['exceptionFactory']>
>[0][number];

function invalid(issues: readonly Issue[]): SyncError {
  const where = (path: Issue['path']): string =>
    path?.map((segment) => String(typeof segment === 'object' ? segment.key : segment)).join('.') || 'request';
  const list = issues.map((issue) => `${where(issue.path)}: ${issue.message}`);
  return new SyncError('CONFIG_INVALID', list.join('; '));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
