/** Grants on a command line: `operator:shop-*`; without a pattern, of all channels. */
import type { Answer } from '@lutra/client';
import { usageError } from './exit-codes.js';

type Grant = Answer<'GET /api/v1/me'>['grants'][number];

const roles: Readonly<Record<Grant['role'], true>> = { viewer: true, operator: true, admin: true };

export const grantSyntax = 'role[:channels], as operator:shop-*; may be repeated';

export function grantsText(grants: readonly Grant[]): string {
  return grants.map(({ role, channels }) => (channels === '*' ? role : `${role}:${channels}`)).join(' ') || 'nothing';
}

/** @throws CliError usage */
export function grantsOf(texts: readonly string[] | undefined): Grant[] | undefined {
  return texts?.map((text) => {
    const [role = '', channels = '*'] = text.split(':');
    if (!Object.hasOwn(roles, role)) throw usageError(`${text}: a grant is ${grantSyntax}; roles are ${Object.keys(roles).join(', ')}`);
    return { role: role as Grant['role'], channels };
  });
}
