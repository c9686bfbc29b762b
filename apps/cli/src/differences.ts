/** Rows that differ, as a verification and a repair show them. */
import type { Answer } from '@lutra/client';
import { rowText } from './output/format.js';
import type { Column } from './output/table.js';

export const differenceColumns: readonly Column<Answer<'GET /api/v1/channels/{channel}/verify/differences'>['differences'][number]>[] = [
  { title: 'pipeline', of: ({ pipeline }) => pipeline, whole: true },
  { title: 'table', of: ({ schema, table }) => `${schema}.${table}` },
  { title: 'key', of: ({ key, file }) => (file ? `${file.root}/${file.path}` : rowText(key)) },
  { title: 'outcome', of: ({ outcome }) => outcome, whole: true },
  { title: 'columns', of: ({ columns }) => columns?.join(',') },
  { title: 'at target', of: ({ here }) => rowText(here), wide: true },
  { title: 'at source', of: ({ there }) => rowText(there), wide: true },
  { title: 'problem', of: ({ problem }) => problem, wide: true },
];
