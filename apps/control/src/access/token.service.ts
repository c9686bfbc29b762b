/** API tokens: made for a user, by him or by an admin; what they may do is bounded by what he may, at each request. */
import { Inject, Injectable } from '@nestjs/common';
import { SyncError } from '@lutra/model';
import type { ApiToken, User } from '@lutra/model';
import type { Registry } from '@lutra/registry';
import type { Metrics } from '@lutra/telemetry';
import { METRICS, REGISTRY } from '../tokens.js';
import { expiryOf } from './access.schemas.js';
import type { NewToken, TokenOutput, TokenWrite } from './access.schemas.js';
import { newToken } from './api-tokens.js';
import { LastUses } from './last-uses.js';
import { People } from './people.js';
import { currentPerson } from './person.js';
import { writtenNow } from './user.service.js';

const mostTokens = 50;
const states = ['valid', 'expired', 'ended'] as const;

@Injectable()
export class TokenService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(People) private readonly people: People,
    @Inject(LastUses) private readonly uses: LastUses,
    @Inject(METRICS) private readonly metrics: Metrics,
  ) {}

  /** For the metrics. */
  count(): void {
    for (const state of states) this.metrics.apiTokens.set({ state }, 0);
    for (const token of this.people.tokensIfKnown()) {
      const user = this.people.user(token.user);
      this.metrics.apiTokens.inc({ state: user ? stateOf(token, user) : 'ended' });
    }
  }

  /** @throws SyncError CONFIG_MISSING */
  async list(name: string): Promise<readonly TokenOutput[]> {
    const user = await this.#user(name);
    const used = await this.uses.all();
    return (await this.#latestOf(name)).map((token) => shown(token, { user, usedAt: used.get(token.id) ?? null }));
  }

  /** @throws SyncError CONFIG_MISSING, CONFIG_CONFLICT */
  async create(name: string, write: TokenWrite): Promise<NewToken> {
    const user = await this.#user(name);
    if ((await this.#latestOf(name)).length >= mostTokens) throw new SyncError('CONFIG_CONFLICT', `user ${name} has ${mostTokens} tokens`);
    const { id, hash, text } = newToken();
    const now = writtenNow();
    // Later than what ended the earlier ones, also where another control's clock did.
    const at = Math.max(now.at, user.sessionsFrom + 1);
    const token: ApiToken = {
      id,
      name: write.name,
      user: name,
      hash,
      grants: write.grants,
      expiresAt: expiryOf(write, now.at),
      by: now.by,
      at,
    };
    if (!(await this.people.write([this.registry.people.tokens.creating(id, token)])))
      throw new SyncError('CONFIG_CONFLICT', 'the token was not made; try again');
    return { ...shown(token, { user, usedAt: null }), secret: text };
  }

  /** At once here, and on other controls as soon as ZooKeeper has told them. @throws SyncError CONFIG_MISSING, CONFIG_CONFLICT */
  async revoke(name: string, id: string): Promise<void> {
    const found = await this.registry.people.tokens.latest(id);
    if (found?.document.user !== name) throw new SyncError('CONFIG_MISSING', `user ${name} has no token ${id}`);
    if (!(await this.people.write([this.registry.people.tokens.removing(id, found.version)])))
      throw new SyncError('CONFIG_CONFLICT', `somebody has changed token ${id} meanwhile`);
    this.uses.forget(id);
    await this.registry.people.forget(id);
  }

  async #latestOf(name: string): Promise<readonly ApiToken[]> {
    const all = [...(await this.registry.people.tokens.listLatest()).documents.values()].map(({ document }) => document);
    return all.filter(({ user }) => user === name).toSorted((one, other) => one.at - other.at);
  }

  async #user(name: string): Promise<User> {
    const found = await this.people.latestUser(name);
    if (found) return found.document;
    throw new SyncError('CONFIG_MISSING', `there is no user ${name}`);
  }
}

/** Who asks for himself has logged in: a token must not make tokens that may more than it. @throws SyncError NOT_ALLOWED */
export function requireOwnLogin(): string {
  const { kind, name } = currentPerson();
  if (kind === 'user') return name;
  throw new SyncError('NOT_ALLOWED', `${name} is no user who has logged in by password (it is: ${kind})`);
}

function shown(token: ApiToken, { user, usedAt }: { readonly user: User; readonly usedAt: number | null }): TokenOutput {
  const { id, name, grants, expiresAt, by, at } = token;
  return { id, name, user: user.name, grants: [...grants], expiresAt, state: stateOf(token, user), lastUsedAt: usedAt, by, at };
}

function stateOf({ at, expiresAt }: ApiToken, { disabled, sessionsFrom }: User): TokenOutput['state'] {
  if (disabled || at <= sessionsFrom) return 'ended';
  return expiresAt !== null && expiresAt <= Date.now() ? 'expired' : 'valid';
}
