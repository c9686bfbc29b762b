/**
 * Control as an object with a lifetime: REST API, schema registry API, probes. Stateless: all it knows is in ZooKeeper. It listens also
 * while ZooKeeper does not answer (503 with the reason), and recovers by itself.
 */
import 'reflect-metadata';
import type { IncomingMessage } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { BoundedHttp, ClusterLevel, instanceName, lutraVersion, TlsFiles } from '@lutra/host';
import { regressionError, SyncError, toSyncError } from '@lutra/model';
import type { Regression } from '@lutra/model';
import { Registry, TreeFollower } from '@lutra/registry';
import { Health, Metrics } from '@lutra/telemetry';
import type { Logger } from '@lutra/telemetry';
import { askerOf, knowPerson } from './access/asker.js';
import { earlyGuard, isAdmitted } from './access/early-guard.js';
import { authentication } from './access/authentication.js';
import { makeFirstAdmin } from './access/first-admin.js';
import { LastUses } from './access/last-uses.js';
import { Passwords } from './access/passwords.js';
import { People } from './access/people.js';
import { requestAudit } from './access/request-audit.js';
import { routesOf } from './access/routes.js';
import type { Route } from './access/routes.js';
import { Sessions } from './access/sessions.js';
import { AUDIT } from './audit/audit.js';
import type { Audit } from './audit/audit.js';
import { knowAuthor } from './configuration/author.js';
import { consolePages } from './console/console-pages.js';
import { controlModule } from './control.module.js';
import type { ControlParts } from './control.module.js';
import type { Environment } from './environment.js';
import { isRestore, restoreLimit } from './backup/backup.schemas.js';
import { servedRoutes } from './http/allowed-methods.js';
import { bodyLimit, boundDepth, documentLimit, isPlan, openBodyLimit } from './http/bodies.js';
import { ErrorFilter } from './http/error.filter.js';
import { setUpDocs } from './http/openapi.js';
import { requestLog } from './http/request-log.js';
import { RequestPipe } from './http/request.pipe.js';
import { WrongTokens } from './http/wrong-tokens.js';
import { NestLogger } from './nest-logger.js';
import { withoutUnseen } from './access/unseen.js';
import { CLIENTS } from './tokens.js';
import type { SecretKey } from './tokens.js';

export interface ControlOptions {
  readonly environment: Environment;
  readonly secretKey: SecretKey;
  readonly logger: Logger;
  /** How long a request may take to arrive; default 30 s. */
  readonly requestMs?: number;
  /** The first admin's password, past the log; default: standard error. */
  readonly print?: (line: string) => void;
  /** How often the files of the certificate are looked at; default 5 s. */
  readonly tlsLookMs?: number;
}

export interface ControlApp {
  /** All that a controller has. */
  readonly routes: readonly Route[];
  /** All that Express serves, as `GET /path`. */
  served(): readonly string[];
  /** Resolves with the base URL when requests are answered; does not wait for ZooKeeper. */
  listen(): Promise<string>;
  /** Answers what it has accepted, then ends the ZooKeeper session. */
  close(): Promise<void>;
}

const firstConnectionMs = 3_000;
/** How long requests may take to be answered once the end has come. */
const answerMs = 5_000;

export async function createApp({
  environment,
  secretKey,
  logger,
  requestMs,
  print = toStandardError,
  tlsLookMs,
}: ControlOptions): Promise<ControlApp> {
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
  const startedAt = Date.now();
  const { tls: paths } = environment.http;
  const tls = paths && new TlsFiles({ ...paths, logger, lookMs: tlsLookMs });
  if (tls) health.note('tls', () => tls.trouble);
  const http = new BoundedHttp({ requestMs, tls });
  const { nest, routes } = await createNest(parts, http);
  const stopping = new AbortController();
  let started: Promise<void> | undefined;
  let endFollowing = (): void => undefined;

  return {
    routes,
    served: () => servedRoutes(http.getInstance()),
    async listen() {
      started = registry.start(stopping.signal).catch((error: unknown) => {
        if (!stopping.signal.aborted) health.fail(toSyncError(error).message);
      });
      level.start();
      endFollowing = followTree(tree, { metrics, logger });
      if (!environment.localAdmin) {
        const first = { registry, passwords: nest.get(Passwords), instance: instanceName, startedAt, logger, print };
        void started.then(() => (registry.connected ? makeFirstAdmin(first) : undefined));
      }
      if (digest !== undefined) void started.then(() => closeOpenNodes(registry, logger));
      await Promise.race([started, pause(firstConnectionMs)]);
      await nest.listen(environment.port, environment.host);
      if (environment.localAdmin)
        logger.warn({ host: environment.host }, 'no LUTRA_API_TOKEN and no LUTRA_LOGIN=required: open to every user of this machine');
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

interface CreatedNest {
  readonly nest: NestExpressApplication;
  readonly routes: readonly Route[];
}

/** @throws SyncError INTERNAL: a route has no guard */
async function createNest(parts: ControlParts, http: BoundedHttp): Promise<CreatedNest> {
  const { environment, logger, metrics } = parts;
  const nest = await NestFactory.create<NestExpressApplication>(controlModule(parts), http, {
    bodyParser: false,
    logger: new NestLogger(logger),
    ...http.nestOptions,
  });
  const routes = routesOf(nest);
  const openRoutes = new Set(routes.flatMap(({ action, method, path }) => (action === 'open' ? [`${method} ${path}`] : [])));
  nest.use(requestLog(logger, metrics));
  nest.use(consolePages());
  nest.use(requestAudit(nest.get<Audit>(AUDIT)));
  // Before bodies are read.
  nest.use(
    authentication({
      environment,
      openRoutes,
      metrics,
      wrongTokens: new WrongTokens(logger),
      clients: nest.get(CLIENTS),
      people: nest.get(People),
      sessions: nest.get(Sessions),
      uses: nest.get(LastUses),
    }),
  );
  nest.use(earlyGuard(routes));
  nest.useBodyParser('json', { limit: openBodyLimit, verify: boundDepth, type: isOfNobody });
  nest.useBodyParser('json', {
    limit: restoreLimit,
    type: (request: IncomingMessage) => isRestore(request) && isAdmitted(request),
    verify: boundDepth,
  });
  nest.useBodyParser('json', {
    limit: documentLimit,
    type: (request: IncomingMessage) => isPlan(request) && isAdmitted(request),
    verify: boundDepth,
  });
  nest.useBodyParser('json', { limit: bodyLimit, verify: boundDepth, type: ['application/json', 'application/*+json'] });
  nest.use(knowPerson);
  nest.use(knowAuthor);
  nest.useGlobalPipes(new RequestPipe());
  const shownTo = (request: IncomingMessage) =>
    withoutUnseen(askerOf(request)?.person, parts.registry.snapshot.seen() ?? { channels: new Map() });
  nest.useGlobalFilters(new ErrorFilter(logger, () => http.getInstance(), shownTo));
  setUpDocs(nest, lutraVersion());
  return { nest, routes };
}

/** Of who has not logged in: no more than a login needs. */
function isOfNobody(request: IncomingMessage): boolean {
  return askerOf(request)?.person === null;
}

function toStandardError(line: string): void {
  process.stderr.write(line);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
