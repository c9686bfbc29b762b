/**
 * Makes the table of docs/security.md from the table of roles. usage: npx tsx scripts/roles-doc.ts. A unit test sees to it that it is up to
 * date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { actions } from '@lutra/model';
import type { Scope } from '@lutra/model';

export const securityFile = fileURLToPath(new URL('../docs/security.md', import.meta.url));

const begin = '<!-- made by scripts/roles-doc.ts from libs/model/src/roles.ts: change it there -->';
const end = '<!-- end -->';

const where: Readonly<Record<Scope, string>> = {
  channel: 'a grant that matches the channel',
  any: 'any grant of that role',
  global: 'a grant for all channels (`*`)',
  self: 'whoever has logged in',
};

/** The document with a table that is up to date. */
export function securityDocument(text: string): string {
  const [before, rest = ''] = text.split(begin);
  const after = rest.split(end)[1];
  if (after === undefined) throw new Error('docs/security.md has no position for the table');
  const rows = Object.entries(actions).map(([name, { role, scope, does }]) => `| \`${name}\` | ${role} | ${where[scope]} | ${does} |`);
  return `${before}${begin}\n\n| action | from role | needs | is to |\n|---|---|---|---|\n${rows.join('\n')}\n\n${end}${after}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(securityFile, securityDocument(readFileSync(securityFile, 'utf8')));
