import type { Answer } from '@lutra/client';
import { jsonOf } from '../json-option.js';
import { usageError } from '../exit-codes.js';
import type { Column } from '../output/table.js';
import { pipelineArguments } from '../pipelines.js';
import type { Verb } from '../verb.js';

type App = Answer<'GET /api/v1/files'>[number]['apps'][number];
interface Root {
  readonly region: string | null;
  readonly app: App;
  readonly root: string;
}

const columns: readonly Column<Root>[] = [
  { title: 'region', of: ({ region }) => region },
  { title: 'root', of: ({ root }) => root, whole: true },
  { title: 'places', of: ({ app, root }) => (app.places.includes(root) ? 'yes' : 'no') },
  { title: 'instance', of: ({ app }) => app.instance },
  { title: 'url', of: ({ app }) => app.url },
];

const roots: Verb = {
  name: 'roots',
  summary: 'which files app serves which root, and places files in it',
  async run({ client, out }) {
    const regions = await client.call('GET /api/v1/files');
    const rows = regions.flatMap(({ region, apps }) => apps.flatMap((app) => app.roots.map((root) => ({ region, app, root }))));
    out.answer(regions, () => out.table(columns, rows, 'no files app lives'));
  },
};

interface Shown {
  readonly root: string;
  readonly path: string;
  readonly hash: string | null;
  readonly why: string | null;
}

const preview: Verb = {
  name: 'preview',
  summary: 'which files a row names',
  args: [...pipelineArguments, { syntax: '<table>', what: 'schema.table at the source' }],
  options: [
    { flags: '--key <json>', what: 'of a row that is at the source: {"id": 7}' },
    { flags: '--row <json>', what: 'a row as it would be' },
  ],
  examples: [['lutra files preview shop to-ca shop.pictures --key \'{"id": 7}\'', 'the files of one row']],
  async run({ args: [channel = '', pipeline = '', table = ''], client, options, out }) {
    const [database, name] = table.split('.');
    const [key, row] = [jsonOf(options, 'key'), jsonOf(options, 'row')];
    if (!database || !name) throw usageError(`${table}: schema.table`);
    if ((key === undefined) === (row === undefined)) throw usageError('either --key or --row');
    const body = { database, table: name, ...(key ? { key } : {}), ...(row ? { row } : {}) };
    const answer = await client.call('POST /api/v1/channels/{channel}/pipelines/{pipeline}/files/preview', {
      path: { channel, pipeline },
      body,
    });
    out.answer(answer, () => {
      if (!answer.found) out.note('the source has no such row');
      const rows: readonly Shown[] = answer.rules.flatMap(({ root, path, files, none, error }): readonly Shown[] => {
        if (files.length > 0) return files.map((file) => ({ ...file, why: null }));
        return [{ root, path, hash: null, why: error ? `${error.code}: ${error.message}` : none }];
      });
      const shown: readonly Column<Shown>[] = [
        { title: 'root', of: (one) => one.root },
        { title: 'path', of: (one) => one.path, whole: true },
        { title: 'sha-256', of: (one) => one.hash, wide: true },
        { title: 'why none', of: (one) => one.why },
      ];
      out.table(shown, rows, 'its route has no file rules');
    });
  },
};

export const verb: Verb = { name: 'files', summary: 'files that rows name: roots, preview', verbs: [roots, preview] };
