/** What the user of an endpoint may do: the rights of docs/02-setup.md, and no more. Without rules for files. */
import { toRead, toWrite } from '../check-privileges.js';
import { resyncRights } from '../check-resync.js';
import type { Grants } from '../grants.js';

export interface Uses {
  readonly source: boolean;
  readonly target: boolean;
  /** Names, no patterns. */
  readonly schemas: readonly string[];
  /** Of these a table has no primary key: a seed of it locks it for a moment. */
  readonly keyless: readonly string[];
  /** As a target it carries schema changes out. */
  readonly ddl: boolean;
  /** As a target it creates the tables that a seed brings. */
  readonly creates: boolean;
}

export interface Right {
  /** As GRANT has it. */
  readonly object: string;
  /** For Grants. */
  readonly database: string;
  readonly name: string;
  readonly privileges: readonly string[];
}

export function rightsOf(uses: Uses, literal: boolean): readonly Right[] {
  const { source, target, ddl } = uses;
  return [
    ...(source ? [onServer(['REPLICATION SLAVE', 'REPLICATION CLIENT'])] : []),
    ...(target && (ddl || uses.creates) ? [onServer(['SESSION_VARIABLES_ADMIN'])] : []),
    onLutra('*', ['SELECT', 'INSERT', 'UPDATE', 'TRIGGER']),
    ...(target ? [onLutra('conflict', ['DELETE']), onLutra('difference', ['DELETE'])] : []),
    onLutra('resync', resyncRights),
    ...uses.schemas.map((schema) => onSchema(schema, privilegesOn(schema, uses), literal)),
  ];
}

function privilegesOn(schema: string, { source, target, ddl, creates, keyless }: Uses): readonly string[] {
  return [
    ...(target ? toWrite : toRead),
    ...(target && (ddl || creates) ? ['CREATE', 'REFERENCES'] : []),
    ...(target && ddl ? ['ALTER', 'DROP', 'INDEX'] : []),
    ...(source && keyless.includes(schema) ? ['LOCK TABLES'] : []),
  ];
}

const onServer = (privileges: readonly string[]): Right => ({ object: '*.*', database: '*', name: '*', privileges });
const onLutra = (name: string, privileges: readonly string[]): Right => ({ object: `lutra.${name}`, database: 'lutra', name, privileges });

/** A name is a pattern there, unless the server takes rights back by database (partial_revokes). */
function onSchema(schema: string, privileges: readonly string[], literal: boolean): Right {
  const name = literal ? schema : schema.replace(/[\\_%]/g, '\\$&');
  return { object: `\`${name.replaceAll('`', '``')}\`.*`, database: schema, name: '*', privileges };
}

export function missingOf({ object, database, name, privileges }: Right, grants: Grants): readonly string[] {
  if (object === '*.*') return privileges.filter((privilege) => !grants.hasGlobal(privilege));
  return grants.missing(privileges, { database, name });
}
