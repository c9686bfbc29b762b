/**
 * Login by password. Failures are counted here alone and never written to ZooKeeper; a wait is for an address, or for a user from one
 * address, so that a stranger locks nobody out.
 */
import { HttpException, Inject, Injectable } from '@nestjs/common';
import { SyncError } from '@lutra/model';
import type { User } from '@lutra/model';
import type { Registry } from '@lutra/registry';
import type { Metrics } from '@lutra/telemetry';
import { METRICS, REGISTRY } from '../tokens.js';
import type { Login, OwnPassword } from './access.schemas.js';
import { networkOf } from './client.js';
import { Failures } from './failures.js';
import { Passwords } from './passwords.js';
import { People } from './people.js';
import { UserService } from './user.service.js';

const freeOfUser = 5;
/** Several people sit behind one address. */
const freeOfAddress = 20;

/** Carries the seconds to wait. */
export class LockedError extends HttpException {
  constructor(readonly waitS: number) {
    super('many logins have failed', 429);
  }
}

@Injectable()
export class LoginService {
  readonly #ofUser = new Failures(freeOfUser);
  readonly #ofAddress = new Failures(freeOfAddress);

  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(People) private readonly people: People,
    @Inject(Passwords) private readonly passwords: Passwords,
    @Inject(UserService) private readonly users: UserService,
    @Inject(METRICS) private readonly metrics: Metrics,
  ) {}

  /** @throws LockedError 429; HttpException 401, 429; SyncError ZOOKEEPER_UNAVAILABLE */
  async login({ name, password }: Login, from: string): Promise<User> {
    const user = await this.#check(name, password, from);
    if (user.unused === true) await this.#use(user.name);
    this.metrics.logins.inc({ result: 'ok' });
    return user;
  }

  /** Ends the other sessions and all tokens. @throws as `login`; SyncError CONFIG_INVALID */
  async changePassword(name: string, { current, password }: OwnPassword, from: string): Promise<void> {
    await this.#check(name, current, from);
    await this.users.setPassword(name, password);
  }

  async #check(name: string, password: string, from: string): Promise<User> {
    const address = networkOf(from);
    const pair = `${address} ${name}`;
    const waitS = Math.max(this.#ofUser.waitLeft(pair), this.#ofAddress.waitLeft(address));
    if (waitS > 0) {
      this.metrics.logins.inc({ result: 'locked' });
      throw new LockedError(waitS);
    }
    // Counted before it is known: many at once are many failures.
    this.#ofUser.add(pair);
    this.#ofAddress.add(address);
    const user = this.people.active(name);
    if (!(await this.passwords.verify(password, user?.password ?? null)) || !user) {
      this.metrics.logins.inc({ result: 'failed' });
      throw new HttpException('wrong name or password', 401);
    }
    this.#ofUser.forget(pair);
    this.#ofAddress.takeBack(address);
    return user;
  }

  /** The first admin's password is not printed again. @throws SyncError CONFIG_CONFLICT, HttpException 401 */
  async #use(name: string): Promise<void> {
    const found = await this.people.latestUser(name);
    if (found?.document.unused !== true) return;
    const { unused: _, ...user } = found.document;
    if (user.password !== this.people.user(name)?.password) throw new HttpException('wrong name or password', 401);
    if (!(await this.people.write([this.registry.people.users.replacing(name, user, found.version)])))
      throw new SyncError('CONFIG_CONFLICT', 'another control has replaced this password; it has printed the new one');
  }
}
