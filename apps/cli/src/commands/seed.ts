import type { Answer, Operations } from '@lutra/client';
import { acceptOption, reasonOption, requireConsent } from '../consent.js';
import { usageError } from '../exit-codes.js';
import { bytes, count, duration } from '../output/format.js';
import type { Output } from '../output/output.js';
import { showProblems } from '../output/problems.js';
import type { Column } from '../output/table.js';
import { pipelineArguments } from '../pipelines.js';
import type { Options, Run, Verb } from '../verb.js';
import { watched, watchOption } from '../watch.js';

type Seed = Answer<'GET /api/v1/channels/{channel}/pipelines/{pipeline}/seed'>;
type Preview = Answer<'POST /api/v1/channels/{channel}/pipelines/{pipeline}/seed'>;
type Body = Operations['POST /api/v1/channels/{channel}/pipelines/{pipeline}/seed']['body'];

const key = 'POST /api/v1/channels/{channel}/pipelines/{pipeline}/seed';

const tableColumns: readonly Column<Preview['tables'][number]>[] = [
  { title: 'source', of: ({ source }) => `${source.schema}.${source.table}` },
  { title: 'target', of: ({ target }) => `${target.schema}.${target.table}` },
  { title: 'rows', of: ({ rows }) => count(rows) },
  { title: 'size', of: (one) => bytes(one.bytes) },
  {
    title: 'at target',
    of: ({ created, rowsAtTarget }) => (created ? 'created' : rowsAtTarget === null ? 'missing' : count(rowsAtTarget)),
  },
];

const start: Verb = {
  name: 'start',
  summary: 'copy tables through the log, while both sides take writes',
  args: pipelineArguments,
  options: [
    { flags: '--table <schema.table>', what: 'at the source, with * and ?; may be given several times', kind: 'list' },
    { flags: '--where <sql>', what: 'a condition on the rows of each table' },
    { flags: '--create-tables', what: 'the target creates tables that it lacks' },
    { flags: '--on-existing <side>', what: 'whose row wins where the target has one: source, target, a region, or stop' },
    { flags: '--rows-per-second <number>', what: 'at most', kind: 'number' },
    { flags: '--no-verify', what: 'do not verify the tables afterwards' },
    { flags: '--dry-run', what: 'only say what it would read and meet' },
    reasonOption,
    acceptOption,
  ],
  examples: [
    ["lutra seed start orders to-ca --table 'shop.*' --dry-run", 'how much it is'],
    ["lutra seed start orders to-ca --table 'shop.*' --create-tables", 'shows it, and asks'],
  ],
  async run(run) {
    const {
      args: [channel = '', pipeline = ''],
      client,
      options,
      out,
    } = run;
    const path = { channel, pipeline };
    const body = bodyOf(options);
    const preview = await client.call(key, { path, query: { dryRun: true }, body });
    if (options.flag('dryRun')) return out.answer(preview, () => showPreview(out, preview));
    if (!out.isJson) showPreview(out, preview);
    await requireConsent(run, `Copy ${count(preview.rows)} rows?`);
    const answer = await client.call(key, { path, body });
    out.answer(answer, () => out.line(`ordered: lutra seed show ${channel} ${pipeline} --watch`));
  },
};

function bodyOf(options: Options): Body {
  const tables = options.list('table');
  if (!tables) throw usageError('--table is needed', "--table '*.*' takes all tables of the pipeline.");
  const given = {
    where: options.text('where'),
    rowsPerSecond: options.number('rowsPerSecond'),
    onExisting: options.text('onExisting'),
    reason: options.text('reason'),
  };
  return { tables: [...tables], createTables: options.flag('createTables'), verify: options.flag('verify'), ...given };
}

function showPreview(out: Output, { tables, rows, topicBytes, problems }: Preview): void {
  out.table(tableColumns, tables, 'no tables');
  out.line(`about ${count(rows)} rows, ${bytes(topicBytes)} in the topic before compression`);
  showProblems(out, problems);
}

const show: Verb = {
  name: 'show',
  summary: 'how far a seed is',
  args: pipelineArguments,
  options: [watchOption],
  async run(run) {
    const {
      args: [channel = '', pipeline = ''],
      client,
      options,
      out,
    } = run;
    const ask = (): Promise<Seed> =>
      client.call('GET /api/v1/channels/{channel}/pipelines/{pipeline}/seed', { path: { channel, pipeline } });
    if (options.text('watch') !== undefined || options.flag('watch'))
      return watched(run, ask, (seed) => out.captured((frame) => showSeed(frame, seed)));
    const seed = await ask();
    out.answer(seed, () => showSeed(out, seed));
  },
};

function showSeed(out: Output, { order, rows, tables, activity, capture }: Seed): void {
  if (!order) return out.line('no seed was ordered');
  out.line(`${order.id}: ${activity?.state ?? order.state}`);
  out.line(`tables: ${tables.done} done, ${tables.seeding} under way${tables.cancelled > 0 ? `, ${tables.cancelled} cancelled` : ''}`);
  const of = activity?.rowsEstimated ? ` of about ${count(activity.rowsEstimated)}` : '';
  out.line(
    `rows: ${count(rows)}${of}${activity ? `, ${count(Math.round(activity.rowsPerSecond))}/s, ${duration(activity.etaMs)} left` : ''}`,
  );
  const waitingFor = activity?.waitingFor ?? capture?.waitingFor ?? null;
  if (waitingFor !== null) out.line(`waits for ${waitingFor}`);
  if (!capture) out.line('no capture works on its source');
  for (const { database, table, code, message } of activity?.refused ?? []) out.paragraph(`✗ ${database}.${table}: ${code} ${message}`);
}

function action(name: 'pause' | 'resume' | 'cancel', summary: string): Verb {
  return {
    name,
    summary,
    args: pipelineArguments,
    async run({ args: [channel = '', pipeline = ''], client, out }: Run) {
      const answer = await client.call('POST /api/v1/channels/{channel}/pipelines/{pipeline}/seed/{action}', {
        path: { channel, pipeline, action: name },
      });
      out.answer(answer, () => showSeed(out, answer));
    },
  };
}

const remove: Verb = {
  name: 'remove',
  summary: 'forget a seed that is done or cancelled',
  args: pipelineArguments,
  async run({ args: [channel = '', pipeline = ''], client, out }) {
    await client.call('DELETE /api/v1/channels/{channel}/pipelines/{pipeline}/seed', { path: { channel, pipeline } });
    out.note('removed');
  },
};

export const verb: Verb = {
  name: 'seed',
  summary: 'copy tables through the log: start, show, pause, resume, cancel, remove',
  verbs: [
    start,
    show,
    action('pause', 'let a seed wait'),
    action('resume', 'let it go on'),
    action('cancel', 'end it; what was copied stays'),
    remove,
  ],
};
