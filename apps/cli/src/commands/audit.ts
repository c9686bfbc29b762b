import type { Answer } from '@lutra/client';
import { stringify } from 'yaml';
import { time } from '../output/format.js';
import type { Column } from '../output/table.js';
import type { Verb } from '../verb.js';

const columns: readonly Column<Answer<'GET /api/v1/audit'>['entries'][number]>[] = [
  { title: 'at (UTC)', of: ({ at }) => time(at), whole: true },
  { title: 'by', of: ({ by }) => by },
  { title: 'action', of: ({ action }) => action },
  { title: 'subject', of: ({ subject }) => subject },
  { title: 'status', of: ({ status }) => status || null },
  { title: 'from', of: ({ from }) => from, wide: true },
  { title: 'request', of: ({ request }) => request, wide: true },
  { title: 'reason', of: ({ reason }) => reason },
  { title: 'id', of: ({ id }) => id, wide: true },
];

export const verb: Verb = {
  name: 'audit',
  summary: 'who did what: logins, requests that are no reads, changes',
  args: [{ syntax: '[id]', what: 'shows one entry, with the change field by field' }],
  options: [
    { flags: '--since <time>', what: 'ms since 1970, or a time such as 2026-12-01T08:00:00Z' },
    { flags: '--until <time>', what: 'as --since' },
    { flags: '--by <name>', what: 'of a person' },
    { flags: '--action <action>', what: 'as channel.run, login, login-failed' },
    { flags: '--subject <subject>', what: 'as channels/orders, channels/*' },
    { flags: '--q <text>', what: 'a part of any text' },
    { flags: '--limit <number>', what: 'so many, 1000 at most; 100 if not given', kind: 'number' },
    { flags: '--after <after>', what: 'the page behind one: the value that the page ended with' },
  ],
  examples: [
    ['lutra audit --subject channels/orders', 'what was done to a channel'],
    ['lutra audit 57-channels-orders', 'one change, field by field'],
  ],
  async run({ args: [id], client, options, out }) {
    if (id !== undefined) {
      const entry = await client.call('GET /api/v1/audit/{id}', { path: { id } });
      return out.answer(entry, () => out.raw(stringify(entry, { lineWidth: 0 })));
    }
    const texts = ['since', 'until', 'by', 'action', 'subject', 'q', 'after'].map((name) => [name, options.text(name)]);
    const page = await client.call('GET /api/v1/audit', { query: { ...Object.fromEntries(texts), limit: options.number('limit') } });
    out.answer(page, () => {
      out.table(columns, page.entries, 'nothing was noted');
      if (!page.complete) out.note(`looked back to ${time(page.scannedTo)} only; go on with --after '${page.after ?? ''}'`);
      else if (page.after !== null) out.note(`more: --after '${page.after}'`);
    });
  },
};
