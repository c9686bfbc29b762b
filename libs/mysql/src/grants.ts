/**
 * What the user of a session may do on a table, from SHOW GRANTS, which tells of the roles that are active too. The naive way asks
 * information_schema for what it hides: a user without TRIGGER sees no trigger, and no error either.
 */
import type { TableName } from '@lutra/model';
import type { Queries } from './session-options.js';

interface Grant {
  readonly revoked: boolean;
  /** Of the whole object, not of columns. */
  readonly privileges: readonly string[];
  /** `*`, or a database's name, which may be a pattern. */
  readonly database: string;
  readonly table: string;
  /** The user, or one of its roles (MariaDB). */
  readonly to: string;
}

export class Grants {
  readonly #grants: readonly Grant[];
  readonly #foldsCase: boolean;
  /** With partial_revokes a name of a database is no pattern. */
  readonly #literal: boolean;

  constructor(lines: readonly string[], { foldsCase = false, literal = false } = {}) {
    this.#grants = lines.flatMap((line) => parsed(line) ?? []);
    this.#foldsCase = foldsCase;
    this.#literal = literal;
  }

  hasGlobal(privilege: string): boolean {
    return this.#grants.some((grant) => !grant.revoked && grant.database === '*' && includes(grant, privilege));
  }

  /** On the whole table. */
  has(privilege: string, table: TableName): boolean {
    const holders = Map.groupBy(this.#grants, ({ to }) => to);
    return [...holders.values()].some((grants) => this.#holds(grants, privilege, table));
  }

  /** Those of `privileges` that are lacking. */
  missing(privileges: readonly string[], table: TableName): readonly string[] {
    return privileges.filter((privilege) => !this.has(privilege, table));
  }

  /** On each table of each database of that name, which may have `*` and `?`, whatever it is called. */
  covers(privilege: string, database: string): boolean {
    if (!/[*?]/.test(database)) return this.has(privilege, { database, name: '*' });
    const holds = (grant: Grant): boolean => !grant.revoked && grant.table === '*' && includes(grant, privilege);
    const patterns = this.#literal ? ['*'] : ['*', '%', likePattern(database)];
    const isRevoked = this.#grants.some((grant) => grant.revoked && includes(grant, privilege));
    return !isRevoked && this.#grants.some((grant) => holds(grant) && patterns.some((pattern) => this.#same(grant.database, pattern)));
  }

  /** What to grant on, so that covers() holds. */
  objectOf(database: string): string {
    if (!/[*?]/.test(database)) return `\`${database.replaceAll('`', '``')}\`.*`;
    return this.#literal || database === '*' ? '*.*' : `\`${likePattern(database)}\`.*`;
  }

  #holds(grants: readonly Grant[], privilege: string, { database, name }: TableName): boolean {
    const [revoked = [], granted = []] = [true, false].map((wanted) => grants.filter((grant) => grant.revoked === wanted));
    const isRevoked = revoked.some((grant) => this.#same(grant.database, database) && includes(grant, privilege));
    if (!isRevoked && granted.some((grant) => grant.database === '*' && includes(grant, privilege))) return true;
    const ofTable = granted.filter((grant) => this.#same(grant.database, database) && this.#same(grant.table, name));
    if (ofTable.some((grant) => includes(grant, privilege))) return true;
    const matching = granted.filter((grant) => grant.table === '*' && grant.database !== '*' && this.#matches(grant.database, database));
    // Of several the server takes one alone, the most specific: a name without a pattern, else we do not say which.
    const exact = matching.filter((grant) => this.#same(unescaped(grant.database), database));
    const counting = exact.length > 0 ? exact : matching;
    return counting.length > 0 && counting.every((grant) => includes(grant, privilege));
  }

  #same(a: string, b: string): boolean {
    return this.#foldsCase ? a.toLowerCase() === b.toLowerCase() : a === b;
  }

  #matches(pattern: string, database: string): boolean {
    if (this.#literal) return this.#same(pattern, database);
    const wild: Readonly<Record<string, string>> = { '%': '[^]*', _: '[^]' };
    const source = pattern.replace(/\\?[\s\S]/g, (part) => wild[part] ?? (part.at(-1) ?? '').replace(/[^\w]/g, '\\$&'));
    return new RegExp(`^${source}$`, this.#foldsCase ? 'i' : '').test(database);
  }
}

export async function readGrants(queries: Queries): Promise<Grants> {
  const lines = (await queries.query('SHOW GRANTS')).map((row) => String(Object.values(row)[0]));
  const rows = await queries.query("SHOW GLOBAL VARIABLES WHERE Variable_name IN ('lower_case_table_names', 'partial_revokes')");
  const settings = new Map(rows.map((row) => [String(row['Variable_name']), String(row['Value'])]));
  return new Grants(lines, {
    foldsCase: (settings.get('lower_case_table_names') ?? '0') !== '0',
    literal: settings.get('partial_revokes') === 'ON',
  });
}

const name = /(?:\*|`(?:[^`]|``)*`)/.source;
const shape = new RegExp(`^(GRANT|REVOKE) (.*?) ON (${name})\\.(${name}) (?:TO|FROM) (\\S+)`);

/** Null: a role that is granted, a proxy, a function. */
function parsed(line: string): Grant | null {
  const [, verb, privileges = '', database = '', table = '', to = ''] = shape.exec(line) ?? [];
  if (verb === undefined) return null;
  const list = privileges.replace(/ \(`(?:[^`]|``)*`(?:, ?`(?:[^`]|``)*`)*\)/g, '()').split(/, ?/); // dynamic ones stand without a space
  const whole = list.filter((privilege) => !privilege.endsWith('()'));
  return { revoked: verb === 'REVOKE', privileges: whole, database: bare(database), table: bare(table), to };
}

/** `shop_*` → shop\_% */
function likePattern(glob: string): string {
  return glob
    .replace(/[\\_%]/g, '\\$&')
    .replaceAll('*', '%')
    .replaceAll('?', '_');
}

function bare(quotedName: string): string {
  return quotedName === '*' ? '*' : quotedName.slice(1, -1).replaceAll('``', '`');
}

function unescaped(pattern: string): string {
  return pattern.replace(/\\([\s\S])/g, '$1');
}

function includes({ privileges }: Grant, privilege: string): boolean {
  return privileges.includes(privilege) || privileges.includes('ALL PRIVILEGES') || privileges.includes('ALL');
}
