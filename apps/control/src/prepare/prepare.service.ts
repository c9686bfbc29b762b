/**
 * Makes a database server ready to be an endpoint: shows what is missing, and does just that when it is told the hash. What it does is
 * written down before, so that it can be taken back, whenever anybody dies.
 */
import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { reservedSchemas, SyncError, usedTls } from '@lutra/model';
import type { EndpointDocument, Prepared, PreparedStep } from '@lutra/model';
import { doing, logsIn, merged, Preparation, stepId } from '@lutra/mysql';
import type { Look, PrepareWant, Problem } from '@lutra/mysql';
import { loginOf } from '@lutra/registry';
import type { Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { currentPerson } from '../access/person.js';
import { configurationOf } from '../configuration/configuration.js';
import { errorsOf, RefusedError } from '../configuration/problem.js';
import { requireSameLogin } from '../endpoints/endpoint.rules.js';
import { LOGGER, REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';
import type { PrepareBody, PreparedAnswer, UnprepareBody } from './prepare.schemas.js';
import { requireSafeServer } from './transport.js';

type Record = { readonly document: Prepared; readonly version: number } | null;

interface Found {
  readonly record: Record;
  /** The endpoint, where it is there already. */
  readonly stored: EndpointDocument | null;
  readonly look: Look;
  /** What was done and what is missing. */
  readonly steps: readonly PreparedStep[];
  readonly problems: readonly Problem[];
  /** The user is ours, and has another password than the endpoint. */
  readonly locked: boolean;
}

@Injectable()
export class PrepareService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly key: SecretKey,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws SyncError CONFIG_INVALID, CONFIG_CONFLICT, PLAN_OUTDATED, TARGET_*; RefusedError: a person has to do something first */
  async prepare(body: PrepareBody): Promise<PreparedAnswer> {
    requireSafeServer(body.server);
    requireForeign(body.schemas);
    const preparation = await Preparation.open(administratorOf(body));
    try {
      const found = await this.#find(preparation, body);
      const shown = answerOf(body, found);
      if (body.hash === undefined) return shown;
      if (body.hash !== shown.hash)
        throw new SyncError('PLAN_OUTDATED', `what is missing at ${body.server.host} is no longer what was shown; nothing was done`);
      const errors = errorsOf(found.problems);
      if (errors.length > 0) throw new RefusedError('CONFIG_CONFLICT', `${body.server.host} is not prepared`, errors);
      await this.#carryOut(preparation, body, found);
      return { ...shown, steps: shown.steps.map((step) => ({ ...step, done: true })), done: true };
    } finally {
      await preparation.close();
    }
  }

  async #find(preparation: Preparation, body: PrepareBody): Promise<Found> {
    const { endpoint, server, account } = body;
    const record = await this.registry.prepared.read(endpoint);
    if (record) requireSameServer(record.document, body);
    const { endpoints } = configurationOf(await this.registry.snapshot.latest());
    const stored = endpoints.find(({ name }) => name === endpoint) ?? null;
    if (stored) requireSameLogin(stored, { name: endpoint, ...server, user: account.user, publicKey: stored.publicKey });
    const look = await preparation.look(wantOf(body));
    const ours = record?.document.steps.some(({ kind }) => kind === 'user') ?? false;
    const isIn = look.userExists && stored !== null && (await logsIn(loginOf(this.key, stored)));
    const steps = merged(record?.document.steps ?? [], look.missing);
    const foreign = look.userExists && !ours && !isIn ? [foreignUser(body, stored)] : [];
    return { record, stored, look, steps, problems: [...look.problems, ...foreign], locked: look.userExists && ours && !isIn };
  }

  async #carryOut(preparation: Preparation, body: PrepareBody, { record, stored, look, steps }: Found): Promise<void> {
    const { endpoint } = body;
    if (!stored)
      throw new SyncError('CONFIG_MISSING', `there is no endpoint ${endpoint}: its password is what the user gets; create it first`);
    const missing = new Set(look.missing.map(stepId));
    const todo = steps.filter((step) => missing.has(stepId(step)));
    const want = wantOf(body);
    const login = loginOf(this.key, stored);
    const version = steps.length === 0 ? null : await this.#write(body, { steps, whole: false, before: record?.version ?? null });
    await preparation.carryOut(todo, want, login.password);
    if (!(await logsIn(login))) await preparation.setPassword(want, login.password);
    if (!(await logsIn(login)))
      throw new SyncError(
        'TARGET_DENIED',
        `${body.server.host}: the user ${login.user} does not get in from control; is its host ${want.account.host}?`,
      );
    if (version !== null) await this.#write(body, { steps, whole: true, before: version });
    this.logger.info({ endpoint, steps: todo.map(stepId) }, 'a database server was prepared');
  }

  /** Resolves with the version. @throws SyncError CONFIG_CONFLICT: somebody else is at it */
  async #write(
    body: PrepareBody,
    { steps, whole, before }: { readonly steps: readonly PreparedStep[]; readonly whole: boolean; readonly before: number | null },
  ): Promise<number> {
    const { endpoint, server, account, binlog } = body;
    const document: Prepared = {
      endpoint,
      host: server.host,
      port: server.port,
      account,
      ssl: usedTls(server) !== null,
      binlog,
      steps: [...steps],
      whole,
      by: currentPerson().name,
      at: Date.now(),
    };
    if (!(await this.registry.prepared.replace(endpoint, document, before)))
      throw new SyncError('CONFIG_CONFLICT', `somebody else prepares ${endpoint} at this moment`);
    return before === null ? 0 : before + 1;
  }
}

export function administratorOf({ server, admin }: Pick<UnprepareBody, 'server' | 'admin'>) {
  return { ...server, ...admin, connectTimeoutMs: 5_000, answerTimeoutMs: 60_000 };
}

function wantOf({ server, ...body }: PrepareBody): PrepareWant {
  return { ...body, ssl: usedTls(server) !== null };
}

/** Lutra's own are in no route. @throws SyncError CONFIG_INVALID */
function requireForeign(schemas: readonly string[]): void {
  const own = schemas.find((schema) => reservedSchemas.includes(schema.toLowerCase()));
  if (own !== undefined) throw new SyncError('CONFIG_INVALID', `schemas: ${own} is of the server, or of Lutra`);
}

/** What was done is known by the name of the endpoint. @throws SyncError CONFIG_CONFLICT */
export function requireSameServer(prepared: Prepared, { server, account }: Pick<UnprepareBody, 'server'> & Partial<PrepareBody>): void {
  const { host, port } = prepared;
  const sameUser = account === undefined || (account.user === prepared.account.user && account.host === prepared.account.host);
  if (host === server.host && port === server.port && sameUser) return;
  const what = `${prepared.account.user}@${prepared.account.host} at ${host}:${port}`;
  throw new SyncError(
    'CONFIG_CONFLICT',
    `endpoint ${prepared.endpoint} was prepared as ${what}: take that back first, or give this one another name`,
  );
}

function foreignUser({ account }: PrepareBody, stored: EndpointDocument | null): Problem {
  const is = `the user ${account.user}@${account.host} is there already, and Lutra did not make it`;
  const what = stored ? `${is}; the password of endpoint ${stored.name} does not let it in` : is;
  return {
    id: 'user-exists',
    severity: 'error',
    what,
    fix: 'name another user; or drop it; or create the endpoint with its password first',
  };
}

function answerOf(body: PrepareBody, { steps, look, problems, locked }: Found): PreparedAnswer {
  const want = wantOf(body);
  const missing = new Set([...look.missing.map(stepId), ...(locked ? ['user'] : [])]);
  const shown = steps.map((step) => ({ id: stepId(step), sql: [...doing(step, want)], done: !missing.has(stepId(step)) }));
  const { host, port } = body.server;
  const { version, schemas } = look;
  const hash = hashOf({ endpoint: body.endpoint, host, port, binlog: body.binlog, steps: shown.map(({ sql }) => sql) });
  return { version, steps: shown, problems: [...problems], schemas: [...schemas], hash, done: missing.size === 0 };
}

export function hashOf(value: object): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}
