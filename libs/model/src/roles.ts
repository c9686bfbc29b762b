/**
 * Who may do what: the one table. The guard of the REST API decides from it, and `docs/security.md` is made from it. A grant is a role on
 * the channels whose name matches; what belongs to no channel needs a grant for all channels.
 */
import { z } from 'zod';
import { patternSchema } from './name-pattern.js';

/** Each may do what those before it may. */
export const roles = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

export const grantSchema = z.strictObject({
  role: z.enum(roles),
  /** A channel's name, or a pattern with * and ?. `*`: all channels, and what belongs to none. */
  channels: patternSchema.default('*'),
});
export type Grant = Readonly<z.infer<typeof grantSchema>>;

/**
 * channel: a grant that matches the channel · any: a grant for any channel (lists show what the grants match) · global: a grant for all
 * channels · self: whoever is known, about himself alone
 */
export type Scope = 'channel' | 'any' | 'global' | 'self';

interface Action {
  readonly role: Role;
  readonly scope: Scope;
  /** For people: what it is. */
  readonly does: string;
}

const viewer = (scope: Scope, does: string): Action => ({ role: 'viewer', scope, does });
const operator = (scope: Scope, does: string): Action => ({ role: 'operator', scope, does });
const admin = (scope: Scope, does: string): Action => ({ role: 'admin', scope, does });

export const actions = {
  'self.use': viewer('self', 'log in and out, see the own account, change the own password, make and revoke own tokens'),
  'overview.read': viewer('any', 'see status, workers, files, level, version, the errors and this API'),
  'region.read': viewer('any', 'see regions'),
  'endpoint.read': viewer('any', 'see endpoints'),
  'schema.read': viewer('any', 'read Avro schemas'),
  'metrics.read': viewer('global', 'read the metrics of control'),
  'history.read': viewer('any', 'see what changed a document (of a channel: a grant that matches it)'),
  'plan.make': viewer('any', 'see what a document would change (each change asks for the right to see what it is about)'),
  'channel.read': viewer('channel', 'see a channel, its status, positions, conflicts and differences, with their rows'),
  'endpoint.check': operator('any', 'check the servers of an endpoint'),
  'channel.run': operator('channel', 'start, pause, stop and retry; confirm what was left out'),
  'channel.recover': operator('channel', 'skip, rewind and restart a pipeline; suspend its tables; answer a held schema change'),
  'channel.operate': operator('channel', 'drain, switch over, fail back, fail over'),
  'channel.seed': operator('channel', 'seed, verify, repair; decide a conflict anew'),
  'endpoint.recover': operator('global', 'restart and reset an endpoint'),
  'schema.write': operator('global', 'register Avro schemas'),
  'channel.write': admin('channel', 'create, change and remove a channel'),
  'plan.apply': admin('any', 'apply a plan (each change asks for the right to make it)'),
  'endpoint.write': admin('global', 'create, change and remove endpoints'),
  'endpoint.prepare': admin('global', 'prepare a database server by the login of its administrator, and take that back'),
  'region.write': admin('global', 'create, change and remove regions'),
  'backup.use': admin('global', 'back up the whole configuration, and restore it'),
  'secret.use': admin('global', 'see which keys seal secrets, and rotate them'),
  'level.raise': admin('global', 'raise the level of the cluster'),
  'revision.adopt': admin('global', 'adopt a configuration that does not continue the known one'),
  'access.write': admin('global', 'manage users, their tokens, and the login by OIDC'),
  'audit.read': admin('global', 'read who did what'),
} as const satisfies Readonly<Record<string, Action>>;
export type ActionName = keyof typeof actions;

/** `channel`: what the request is about; null: nothing that belongs to a channel. */
export function isGranted(grants: readonly Grant[], name: ActionName, channel: string | null): boolean {
  const { role, scope }: Action = actions[name];
  if (scope === 'self') return true;
  const enough = grants.filter((grant) => roles.indexOf(grant.role) >= roles.indexOf(role));
  if (scope === 'any' && channel === null) return enough.length > 0;
  if (scope === 'global' || channel === null) return enough.some(({ channels }) => channels === '*');
  return enough.some(({ channels }) => matchesName(channels, channel));
}

/** Goes back to the last `*` alone, so that no pattern takes more than letters times letters. */
function matchesName(pattern: string, name: string): boolean {
  let [at, of] = [0, 0];
  let star: { readonly at: number; readonly of: number } | null = null;
  while (of < name.length) {
    if (pattern[at] === '*') star = { at: (at += 1), of };
    else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === name[of])) [at, of] = [at + 1, of + 1];
    else if (star) {
      star = { at: star.at, of: star.of + 1 };
      [at, of] = [star.at, star.of];
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
