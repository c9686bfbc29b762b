import type { Answer } from '@lutra/client';
import { time } from '../output/format.js';
import type { Column } from '../output/table.js';
import { usageError } from '../exit-codes.js';
import { stringify } from 'yaml';
import type { Verb } from '../verb.js';

const kinds = ['regions', 'endpoints', 'channels'] as const;

const columns: readonly Column<Answer<'GET /api/v1/{kind}/{name}/history'>[number]>[] = [
  { title: 'revision', of: ({ revision }) => revision },
  { title: 'at (UTC)', of: ({ at }) => time(at), whole: true },
  { title: 'what', of: ({ what }) => what },
  { title: 'by', of: ({ by }) => by },
  { title: 'from', of: ({ from }) => from, wide: true },
  { title: 'reason', of: ({ reason }) => reason },
];

export const verb: Verb = {
  name: 'history',
  summary: 'who changed a region, an endpoint or a channel, when and why',
  args: [
    { syntax: '<kind>', what: kinds.join(', '), named: kinds },
    { syntax: '<name>', what: 'of the document; it may be removed' },
    { syntax: '[revision]', what: 'shows one change: the document before and after' },
  ],
  examples: [
    ['lutra history channel orders', 'the newest 20 changes'],
    ['lutra history channel orders 57', 'one of them, as YAML'],
  ],
  async run({ args: [word = '', name = '', revision], client, out }) {
    const kind = kinds.find((one) => one === word || one === `${word}s`);
    if (!kind) throw usageError(`${word}: a kind is ${kinds.join(', ')}`);
    if (revision !== undefined) {
      const change = await client.call('GET /api/v1/{kind}/{name}/history/{revision}', { path: { kind, name, revision } });
      out.answer(change, () => out.raw(stringify(change, { lineWidth: 0 })));
      return;
    }
    const entries = await client.call('GET /api/v1/{kind}/{name}/history', { path: { kind, name } });
    out.answer(entries, () => out.table(columns, entries, 'no changes are known'));
  },
};
