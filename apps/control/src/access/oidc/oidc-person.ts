/** Whom a provider's claims name, and what the groups among them allow. */
import { createHash } from 'node:crypto';
import type { OidcDocument } from '@lutra/model';
import type { LoggedIn } from '../sessions.js';

export type Claims = Readonly<Record<string, unknown>>;

/** Neither the name nor any group can be told: the login is refused, and this says why. */
export class ClaimError extends Error {
  constructor(
    message: string,
    /** As far as it is known. */
    readonly person = 'oidc:unknown',
  ) {
    super(message);
  }
}

/** Names of local users have no colon, so that none is one of these. */
const prefix = 'oidc:';
const mostLetters = 100;
const mostGroups = 10_000;

/** @throws ClaimError */
export function personOf(config: Pick<OidcDocument, 'nameClaim' | 'groupsClaim' | 'groups'>, claims: Claims): LoggedIn {
  const name = prefix + nameIn(config.nameClaim, claims);
  const member = groupsIn(config.groupsClaim, claims);
  const grants = config.groups.filter(({ group }) => member.has(group)).flatMap((one) => one.grants);
  if (grants.length === 0) throw new ClaimError(`no group in the claim ${config.groupsClaim} of ${name} may do anything here`, name);
  return { kind: 'oidc', name, grants };
}

/** Two texts never give one name: letters that a log or a path could take for its own are escaped, and a long one ends with its hash. */
function nameIn(claim: string, claims: Claims): string {
  const value = claims[claim];
  if (typeof value !== 'string' || value === '')
    throw new ClaimError(`the provider gave no text as the claim ${claim}, which names the person`);
  // Who may choose an address without showing that it is his could be anybody.
  if (claim === 'email' && ['false', false].includes(claims['email_verified'] as string | boolean))
    throw new ClaimError('the provider says that the e-mail address is not verified');
  const safe = encodeURIComponent(value.toWellFormed()).replaceAll('%40', '@');
  if (safe.length <= mostLetters && value.isWellFormed()) return safe;
  return `${safe.slice(0, mostLetters - 33)}~${createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32)}`;
}

function groupsIn(claim: string, claims: Claims): ReadonlySet<string> {
  const value = claims[claim];
  const list: readonly unknown[] = Array.isArray(value) ? value.slice(0, mostGroups) : [value];
  return new Set(list.filter((one) => typeof one === 'string'));
}
