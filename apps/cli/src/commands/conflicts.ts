import type { Answer, Operations } from '@lutra/client';
import { acceptOption, reasonOf, reasonOption, requireConsent } from '../consent.js';
import { usageError } from '../exit-codes.js';
import { count, rowText, time, valueText } from '../output/format.js';
import type { Output } from '../output/output.js';
import { showProblems } from '../output/problems.js';
import type { Column } from '../output/table.js';
import { channelArgument, pipelineArguments } from '../pipelines.js';
import type { OptionOf, Options, Verb } from '../verb.js';

type Query = Operations['GET /api/v1/channels/{channel}/conflicts']['query'];
type Detail = Answer<'GET /api/v1/channels/{channel}/conflicts/{pipeline}/{id}'>;

const columns: readonly Column<Answer<'GET /api/v1/channels/{channel}/conflicts'>['conflicts'][number]>[] = [
  { title: 'pipeline', of: ({ pipeline }) => pipeline, whole: true },
  { title: 'id', of: ({ id }) => id, whole: true },
  { title: 'decided (UTC)', of: ({ decidedAt }) => time(decidedAt) },
  { title: 'table', of: ({ schema, table }) => `${schema}.${table}` },
  { title: 'key', of: ({ key }) => rowText(key) },
  { title: 'type', of: ({ type }) => type },
  { title: 'winner', of: ({ winner, final }) => (final ? winner : `${winner}?`) },
  { title: 'policy', of: ({ policy }) => policy, wide: true },
  { title: 'gtid', of: ({ transaction }) => transaction.gtid, wide: true },
];

const filters: readonly OptionOf[] = [
  { flags: '--pipeline <name>', what: 'of one pipeline' },
  { flags: '--table <schema.table>', what: 'of one table, as it is called at the target' },
  { flags: '--type <type>', what: 'of one type, as update-differs' },
  { flags: '--winner <winner>', what: 'incoming, existing or both', choices: ['incoming', 'existing', 'both'] },
  { flags: '--key <json>', what: 'of one row: {"id": 7}' },
  { flags: '--since <time>', what: 'decided then or later: 2026-01-31T12:00:00Z' },
  { flags: '--until <time>', what: 'decided before' },
];

function filterOf(options: Options): Query {
  const [schema, table] = options.text('table')?.split('.') ?? [];
  if (options.text('table') !== undefined && !table) throw usageError('--table takes schema.table');
  const given = {
    ...(schema && table ? { schema, table } : {}),
    ...Object.fromEntries(['pipeline', 'type', 'winner', 'key', 'since', 'until'].map((name) => [name, options.text(name)])),
  };
  return given;
}

const list: Verb = {
  name: 'list',
  summary: 'decided conflicts, newest first',
  args: [channelArgument],
  options: [
    ...filters,
    { flags: '--limit <number>', what: 'so many, 500 at most; 50 if not given', kind: 'number' },
    { flags: '--before <next>', what: 'the page behind one: the value that the page ended with' },
  ],
  examples: [['lutra conflicts list orders --table shop.orders --winner existing', 'what did not win']],
  async run({ args: [channel = ''], client, options, out }) {
    const page = { limit: options.number('limit'), before: options.text('before') };
    const answer = await client.call('GET /api/v1/channels/{channel}/conflicts', {
      path: { channel },
      query: { ...filterOf(options), ...page },
    });
    out.answer(answer, () => {
      out.table(columns, answer.conflicts, 'no conflicts');
      for (const { endpoint, message } of answer.unreachable)
        out.note(`! ${endpoint} does not answer, its conflicts are missing: ${message}`);
      if (answer.next !== null) out.note(`more: --before '${answer.next}'`);
    });
  },
};

const counts: Verb = {
  name: 'count',
  summary: 'how many, by pipeline, table, policy, type and winner',
  args: [channelArgument],
  options: filters,
  async run({ args: [channel = ''], client, options, out }) {
    const answer = await client.call('GET /api/v1/channels/{channel}/conflicts/counts', { path: { channel }, query: filterOf(options) });
    const shown: readonly Column<(typeof answer.counts)[number]>[] = [
      { title: 'pipeline', of: ({ pipeline }) => pipeline, whole: true },
      { title: 'table', of: ({ schema, table }) => `${schema}.${table}` },
      { title: 'policy', of: ({ policy }) => policy },
      { title: 'type', of: ({ type }) => type },
      { title: 'winner', of: ({ winner }) => winner },
      { title: 'count', of: (one) => count(one.count) },
      { title: 'latest', of: ({ latest }) => time(latest), wide: true },
    ];
    out.answer(answer, () => out.table(shown, answer.counts, 'no conflicts'));
  },
};

const idArgument = { syntax: '<id>', what: 'as the list shows it' };

const show: Verb = {
  name: 'show',
  summary: 'one conflict: its versions side by side, and the row as it is now',
  args: [...pipelineArguments, idArgument],
  async run({ args: [channel = '', pipeline = '', id = ''], client, out }) {
    const answer = await client.call('GET /api/v1/channels/{channel}/conflicts/{pipeline}/{id}', { path: { channel, pipeline, id } });
    out.answer(answer, () => showDetail(out, answer));
  },
};

function showDetail(out: Output, detail: Detail): void {
  const { schema, table, key, type, policy, winner, final, decidedAt, diff, now } = detail;
  out.toned(out.tone(`${schema}.${table} ${rowText(key)}`, 'strong'));
  out.line(`${type}, policy ${policy}, winner ${winner}${final ? '' : ' (until the home region decides)'}, ${time(decidedAt)} UTC`);
  const text = (value: unknown): string => (value === undefined ? '' : valueText(value));
  const versions: readonly Column<Detail['diff'][number]>[] = [
    { title: 'column', of: (one) => one.column, whole: true },
    { title: 'before', of: (one) => text(one.before) },
    { title: 'incoming', of: (one) => text(one.incoming) },
    { title: 'existing', of: (one) => text(one.existing) },
    { title: 'result', of: (one) => text(one.result) },
  ];
  out.table(versions, diff, 'the versions differ in no column');
  for (const [side, { endpoint, row, problem }] of Object.entries(now))
    out.paragraph(`now at the ${side} ${endpoint}: ${problem ?? (row ? rowText(row) : 'no row')}`);
}

const redecide: Verb = {
  name: 'redecide',
  summary: 'give the row the version of one side, by an ordinary write at the target',
  args: [...pipelineArguments, idArgument],
  options: [
    { flags: '--winner <version>', what: 'whose version the row is to have', choices: ['incoming', 'existing'], required: true },
    { flags: '--force', what: 'also where the row has changed since, or the home region decides' },
    reasonOption,
    acceptOption,
  ],
  examples: [['lutra conflicts redecide orders to-ca 17 --winner incoming', 'shows the versions, asks for the reason, and asks']],
  async run(run) {
    const {
      args: [channel = '', pipeline = '', id = ''],
      client,
      options,
      out,
    } = run;
    const path = { channel, pipeline, id };
    const winner = options.text('winner') === 'incoming' ? 'incoming' : 'existing';
    if (!out.isJson) showDetail(out, await client.call('GET /api/v1/channels/{channel}/conflicts/{pipeline}/{id}', { path }));
    const reason = await reasonOf(run);
    await requireConsent(run, `Write the ${winner} version?`);
    const body = { winner, reason, force: options.flag('force') } as const;
    const answer = await client.call('POST /api/v1/channels/{channel}/conflicts/{pipeline}/{id}/redecide', { path, body });
    out.answer(answer, () => {
      showProblems(out, answer.consequences);
      out.line(answer.written ? 'written' : 'the row was as it is to be');
    });
  },
};

export const verb: Verb = {
  name: 'conflicts',
  summary: 'rows that both sides changed: list, count, show, redecide',
  verbs: [list, counts, show, redecide],
};
