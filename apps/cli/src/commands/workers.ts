import type { Answer } from '@lutra/client';
import { time } from '../output/format.js';
import type { Column } from '../output/table.js';
import type { Verb } from '../verb.js';

export const workerColumns: readonly Column<Answer<'GET /api/v1/workers'>[number]>[] = [
  { title: 'app', of: ({ app }) => app, whole: true },
  { title: 'instance', of: ({ instance }) => instance },
  { title: 'region', of: ({ region }) => region },
  { title: 'version', of: ({ version }) => version },
  { title: 'levels', of: ({ levels: [least, most] }) => `${least}-${most}` },
  { title: 'since', of: ({ since }) => time(since) },
  { title: 'keys', of: ({ keys }) => keys.join(' '), wide: true },
  { title: 'files', of: ({ files }) => files?.url, wide: true },
];

export const verb: Verb = {
  name: 'workers',
  summary: 'list the live processes',
  async run({ client, out }) {
    const workers = await client.call('GET /api/v1/workers');
    out.answer(workers, () => out.table(workerColumns, workers, 'no process lives'));
  },
};
