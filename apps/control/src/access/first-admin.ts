/**
 * The first way in: who finds no user creates `admin` with a random password and prints it once, past the logger. Creation decides between
 * several controls. Who dies between creation and print leaves a password that nobody has: as long as it is unused, a control that starts
 * later replaces it and prints another one. Just created by another control, that one has printed it, or will.
 */
import { SyncError, toSyncError } from '@lutra/model';
import type { User } from '@lutra/model';
import type { Registry, Versioned } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import type { Passwords } from './passwords.js';
import { randomPassword } from './passwords.js';

const name = 'admin';
const justNowMs = 60_000;
const tries = 5;

export interface FirstAdminParts {
  readonly registry: Registry;
  readonly passwords: Passwords;
  /** host:pid of this process. */
  readonly instance: string;
  /** When this control started, ms since 1970: what the same instance wrote before is of an earlier life. */
  readonly startedAt: number;
  readonly logger: Logger;
  /** Not the log: it is kept, and read by many. */
  readonly print: (line: string) => void;
}

/** Never throws: without it there is LUTRA_API_TOKEN, or the next start. */
export async function makeFirstAdmin(parts: FirstAdminParts): Promise<void> {
  try {
    for (let left = tries; left > 0; left -= 1) if (await isSettled(parts)) return;
    throw new SyncError('CONFIG_CONFLICT', 'other controls keep writing the first admin');
  } catch (error) {
    const { code, message } = toSyncError(error);
    if (code !== 'ABORTED') parts.logger.error({ code }, `no first admin was made: ${message}`);
  }
}

async function isSettled(parts: FirstAdminParts): Promise<boolean> {
  const { documents, invalid } = await parts.registry.people.users.listLatest();
  const found = documents.get(name);
  if (documents.size + invalid.length > 0 && found?.document.unused !== true) return true;
  if (found && isJustMade(parts, found.document)) {
    parts.logger.warn({ by: found.document.by }, 'another control has just made the first admin; its standard error has the password');
    return true;
  }
  return write(parts, found);
}

/** False: another control was first. */
async function write({ registry, passwords, instance, print }: FirstAdminParts, found: Versioned<User> | undefined): Promise<boolean> {
  const password = randomPassword();
  const now = Date.now();
  const user: User = {
    name,
    password: await passwords.hash(password),
    grants: [{ role: 'admin', channels: '*' }],
    disabled: false,
    sessionsFrom: now,
    unused: true,
    by: `control ${instance}`,
    at: now,
  };
  const { users } = registry.people;
  const operation = found ? users.replacing(name, user, found.version) : users.creating(name, user);
  if (await registry.people.commit([operation])) return false;
  print(`Lutra: no user has logged in yet. Log in as "${name}" with the password ${password} and change it. It is shown this once.\n`);
  return true;
}

function isJustMade({ instance, startedAt }: FirstAdminParts, { by, at }: User): boolean {
  const isOwnEarlierLife = by === `control ${instance}` && at < startedAt;
  return !isOwnEarlierLife && Math.abs(Date.now() - at) < justNowMs;
}
