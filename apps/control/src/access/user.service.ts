/** Users as admins manage them. Whoever changes a user knows the version that he has read; the last admin stays. */
import { Inject, Injectable } from '@nestjs/common';
import { isGranted, SyncError } from '@lutra/model';
import type { User } from '@lutra/model';
import type { Known, Operation, Registry, Versioned } from '@lutra/registry';
import type { Precondition } from '../configuration/configuration.js';
import { REGISTRY } from '../tokens.js';
import type { NewUser, UserOutput, UserWrite } from './access.schemas.js';
import { Passwords, requireOtherThanName } from './passwords.js';
import { People } from './people.js';
import { currentPerson } from './person.js';

/** Clocks of two controls may differ by so much, and a session that one has begun be ended by the other. */
export const skewMs = 60_000;
const mostUsers = 1_000;

@Injectable()
export class UserService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(People) private readonly people: People,
    @Inject(Passwords) private readonly passwords: Passwords,
  ) {}

  async list(): Promise<readonly UserOutput[]> {
    return [...(await this.people.latestUsers()).values()].map(({ document }) => shownUser(document));
  }

  /** @throws SyncError CONFIG_MISSING */
  async find(name: string): Promise<Versioned<User>> {
    const found = await this.people.latestUser(name);
    if (found) return found;
    throw new SyncError('CONFIG_MISSING', `there is no user ${name}`);
  }

  /** @throws SyncError CONFIG_CONFLICT, CONFIG_INVALID */
  async create({ name, password, grants, disabled }: NewUser): Promise<Versioned<User>> {
    if (password !== null) requireOtherThanName(password, name);
    if ((await this.people.latestUsers()).size >= mostUsers) throw new SyncError('CONFIG_CONFLICT', `there are ${mostUsers} users`);
    const hash = password === null ? null : await this.passwords.hash(password);
    // What had this name before has ended: sessions and tokens of an earlier user do not come back.
    const user: User = { name, password: hash, grants, disabled, sessionsFrom: Date.now() + skewMs, ...writtenNow() };
    if (await this.people.write([this.registry.people.users.creating(name, user)])) return { document: user, version: 0 };
    throw new SyncError('CONFIG_CONFLICT', `user ${name} exists already`);
  }

  /** @throws SyncError CONFIG_MISSING, CONFIG_CONFLICT (the last admin; with `expectedVersion`: HTTP 412) */
  replace({ name, grants, disabled }: UserWrite, ifMatch: Precondition): Promise<Versioned<User>> {
    return this.#change(name, ifMatch, (user) => ({
      ...user,
      grants,
      disabled,
      ...(disabled && !user.disabled && { sessionsFrom: Date.now() + skewMs }),
    }));
  }

  /** Ends his sessions and tokens. null: no login by password. @throws SyncError CONFIG_MISSING, CONFIG_INVALID */
  async setPassword(name: string, password: string | null): Promise<void> {
    if (password !== null) requireOtherThanName(password, name);
    const hash = password === null ? null : await this.passwords.hash(password);
    await this.#change(name, 'any', (user) => {
      const { unused: _, ...known } = user;
      return { ...known, password: hash, sessionsFrom: Date.now() + skewMs };
    });
  }

  /** Ends his sessions and tokens. */
  async endSessions(name: string): Promise<void> {
    await this.#change(name, 'any', (user) => ({ ...user, sessionsFrom: Date.now() + skewMs }));
  }

  /** With his tokens. @throws SyncError as `replace` */
  async remove(name: string, ifMatch: Precondition): Promise<void> {
    const { document, version } = await this.find(name);
    requireVersion(name, version, ifMatch);
    const { users, tokens } = this.registry.people;
    const own = [...(await tokens.listLatest()).documents].filter(([, token]) => token.document.user === name);
    const operations = [
      ...(await this.#keepingAnAdmin(document, null)),
      users.removing(name, version),
      ...own.map(([id, token]) => tokens.removing(id, token.version)),
    ];
    if (!(await this.people.write(operations))) throw changedMeanwhile(name);
    for (const [id] of own) await this.registry.people.forget(id);
  }

  async #change(name: string, ifMatch: Precondition, change: (user: User) => User): Promise<Versioned<User>> {
    const { document, version } = await this.find(name);
    requireVersion(name, version, ifMatch);
    const changed: User = { ...change(document), ...writtenNow() };
    const operations = [...(await this.#keepingAnAdmin(document, changed)), this.registry.people.users.replacing(name, changed, version)];
    if (!(await this.people.write(operations))) throw changedMeanwhile(name);
    return { document: changed, version: version + 1 };
  }

  /** That another admin is there, in the same transaction: two admins cannot remove each other. @throws SyncError CONFIG_CONFLICT */
  async #keepingAnAdmin(before: User, after: User | null): Promise<readonly Operation[]> {
    if (!isAdmin(before) || (after && isAdmin(after)) || currentPerson().kind === 'break-glass') return [];
    const other = otherAdmin(await this.people.latestUsers(), before.name);
    if (!other) throw new SyncError('CONFIG_CONFLICT', `user ${before.name} is the last admin of all channels who can log in`);
    return [this.registry.people.users.checking(other.document.name, other.version)];
  }
}

export function shownUser({ name, grants, disabled, password, by, at }: User): UserOutput {
  return { name, grants: [...grants], disabled, passwordSet: password !== null, by, at };
}

export function writtenNow(): Pick<User, 'by' | 'at'> {
  return { by: currentPerson().name, at: Date.now() };
}

function isAdmin({ grants, disabled, password }: User): boolean {
  return !disabled && password !== null && isGranted(grants, 'access.write', null);
}

function otherAdmin(users: Known<User>, name: string): Versioned<User> | undefined {
  return [...users.values()].find(({ document }) => document.name !== name && isAdmin(document));
}

function requireVersion(name: string, version: number, ifMatch: Precondition): void {
  if (ifMatch === 'any' || ifMatch === version) return;
  const details = { expectedVersion: ifMatch, version };
  throw new SyncError('CONFIG_CONFLICT', `user ${name} is at version ${version} now; If-Match names ${ifMatch}`, { details });
}

function changedMeanwhile(name: string): SyncError {
  return new SyncError('CONFIG_CONFLICT', `somebody has changed user ${name}, or another admin, meanwhile; read again`);
}
