import type { Answer } from '@lutra/client';
import { CliError, exitCodes } from '../exit-codes.js';
import type { Column } from '../output/table.js';
import type { Verb } from '../verb.js';

type Code = Answer<'GET /api/v1/errors'>[string] & { readonly code: string };

const columns: readonly Column<Code>[] = [
  { title: 'code', of: ({ code }) => code, whole: true },
  { title: 'then', of: ({ outcome, status }) => outcome ?? `HTTP ${status}` },
  { title: 'cause', of: ({ cause, help }) => cause ?? help },
];

export const verb: Verb = {
  name: 'errors',
  summary: 'explain an error code: its cause, what is safe, what to do',
  args: [{ syntax: '[code]', what: 'all if left out' }],
  examples: [['lutra errors TABLE_MISSING', 'what it means and what to do']],
  async run({ args: [code], client, out }) {
    const all = await client.call('GET /api/v1/errors');
    const rows = Object.entries(all).map(([name, entry]) => ({ code: name, ...entry }));
    if (code === undefined) return out.answer(all, () => out.table(columns, rows, 'no codes'));
    const entry = all[code.toUpperCase()];
    if (!entry) throw new CliError(exitCodes.error, `there is no error code ${code}`, 'lutra errors lists them.');
    out.answer(entry, () => {
      for (const [title, text] of [
        ['Cause', entry.cause],
        ['Safe', entry.kept],
        ['To do', entry.help],
      ] as const)
        if (text) out.paragraph(`${title}: ${text}`);
    });
  },
};
