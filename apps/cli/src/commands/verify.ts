import type { Answer, Operations } from '@lutra/client';
import { reasonOption } from '../consent.js';
import { exitCodes } from '../exit-codes.js';
import type { ExitCode } from '../exit-codes.js';
import { count } from '../output/format.js';
import type { Output } from '../output/output.js';
import type { Column } from '../output/table.js';
import { differenceColumns } from '../differences.js';
import { channelArgument } from '../pipelines.js';
import type { Run, Verb } from '../verb.js';
import { watched, watchOption } from '../watch.js';

type Verification = Answer<'GET /api/v1/channels/{channel}/verify'>;
type Body = Operations['POST /api/v1/channels/{channel}/verify']['body'];
type Table = NonNullable<Verification['result']>['tables'][number];

const columns: readonly Column<Table>[] = [
  { title: 'pipeline', of: ({ pipeline }) => pipeline, whole: true },
  { title: 'table', of: ({ database, table }) => `${database}.${table}` },
  {
    title: 'verdict',
    of: ({ verdict }) => verdict ?? 'open',
    tone: ({ verdict }) => (verdict === 'equal' ? 'good' : verdict === null ? undefined : 'bad'),
    whole: true,
  },
  { title: 'rows', of: ({ rows }) => count(rows) },
  { title: 'missing', of: ({ missingHere, missingThere, extra }) => count(missingHere + missingThere + extra) },
  { title: 'different', of: ({ different }) => count(different) },
  { title: 'text', of: ({ text }) => text, wide: true },
];

const start: Verb = {
  name: 'start',
  summary: 'compare the two sides of each pipeline, while both take writes',
  args: [channelArgument],
  options: [
    { flags: '--table <schema.table>', what: 'with * and ?; may be given several times; all if left out', kind: 'list' },
    { flags: '--pipeline <name>', what: 'may be given several times; all if left out', kind: 'list' },
    { flags: '--where <sql>', what: 'a condition on the rows of each table' },
    { flags: '--continuously', what: 'again and again' },
    reasonOption,
  ],
  examples: [
    ['lutra verify start orders', 'all tables'],
    ["lutra verify start orders --table 'shop.order*' && lutra verify show orders --watch", 'some, and look on'],
  ],
  async run({ args: [channel = ''], client, options, out }) {
    const [tables, pipelines] = [options.list('table'), options.list('pipeline')];
    const given = {
      where: options.text('where'),
      reason: options.text('reason'),
      ...(tables ? { tables } : {}),
      ...(pipelines ? { pipelines } : {}),
    };
    const body = { ...given, ...(options.flag('continuously') ? { repeat: 'continuously' } : {}) } as Body;
    const answer = await client.call('POST /api/v1/channels/{channel}/verify', { path: { channel }, body });
    out.answer(answer, () => out.line(`ordered: lutra verify show ${channel} --watch`));
  },
};

const show: Verb = {
  name: 'show',
  summary: 'what a verification found so far; exit code 3 if it ended and not all is equal',
  args: [channelArgument],
  options: [watchOption],
  async run(run) {
    const {
      args: [channel = ''],
      client,
      options,
      out,
    } = run;
    const ask = (): Promise<Verification> => client.call('GET /api/v1/channels/{channel}/verify', { path: { channel } });
    if (options.text('watch') !== undefined || options.flag('watch'))
      return watched(run, ask, (answer) => out.captured((frame) => showVerification(frame, answer)));
    const answer = await ask();
    out.answer(answer, () => showVerification(out, answer));
    return exitOf(answer);
  },
};

function exitOf({ result, equal }: Verification): ExitCode {
  return result?.endedAt && !equal ? exitCodes.checksFailed : exitCodes.ok;
}

function showVerification(out: Output, { order, result, equal, held, unequal }: Verification): void {
  if (!order) return out.line('no verification was ordered');
  const of = result?.rowsEstimated ? ` of about ${count(result.rowsEstimated)}` : '';
  const state = result?.endedAt ? (equal ? 'ended, all equal' : 'ended, not all equal') : order.state;
  out.line(`${order.id}: ${state}, ${count(result?.rowsDone ?? 0)} rows${of}`);
  if (result?.waitingFor) out.line(`waits for ${result.waitingFor}`);
  if (result) out.table(columns, result.tables, 'no table has begun');
  if (result?.repair)
    out.line(
      `repair: ${count(result.repair.repaired)} repaired, ${count(result.repair.left)} left, ${count(result.repair.refused)} refused`,
    );
  for (const pipeline of held) out.line(`! pipeline ${pipeline} holds at a schema change`);
  for (const { pipeline, table, cause } of unequal.tables) out.line(`! ${pipeline}: ${table} is not known to be equal (${cause})`);
}

const differences: Verb = {
  name: 'differences',
  summary: 'the rows that differ',
  args: [channelArgument],
  options: [
    { flags: '--pipeline <name>', what: 'of one pipeline' },
    { flags: '--outcome <outcome>', what: 'as different, missing-here, missing-there, clash' },
    { flags: '--limit <number>', what: 'so many, 500 at most; 50 if not given', kind: 'number' },
    { flags: '--after <next>', what: 'the page behind one: the value that the page ended with' },
  ],
  async run({ args: [channel = ''], client, options, out }) {
    const query = {
      pipeline: options.text('pipeline'),
      outcome: options.text('outcome'),
      limit: options.number('limit'),
      after: options.text('after'),
    };
    const answer = await client.call('GET /api/v1/channels/{channel}/verify/differences', {
      path: { channel },
      query: query as Operations['GET /api/v1/channels/{channel}/verify/differences']['query'],
    });
    out.answer(answer, () => {
      out.table(differenceColumns, answer.differences, 'no differences');
      for (const { endpoint, message } of answer.unreachable) out.note(`! ${endpoint} does not answer, its rows are missing: ${message}`);
      if (answer.next !== null) out.note(`more: --after '${answer.next}'`);
    });
  },
};

function action(name: 'pause' | 'resume' | 'cancel', summary: string): Verb {
  return {
    name,
    summary,
    args: [channelArgument],
    async run({ args: [channel = ''], client, out }: Run) {
      const answer = await client.call('POST /api/v1/channels/{channel}/verify/{action}', { path: { channel, action: name } });
      out.answer(answer, () => showVerification(out, answer));
    },
  };
}

const remove: Verb = {
  name: 'remove',
  summary: 'forget a verification that has ended, and the rows that it found',
  args: [channelArgument],
  async run({ args: [channel = ''], client, out }) {
    const answer = await client.call('DELETE /api/v1/channels/{channel}/verify', { path: { channel } });
    out.answer(answer, () => out.line(`removed, with ${count(answer.rows)} rows of lutra.difference`));
  },
};

export const verb: Verb = {
  name: 'verify',
  summary: 'compare the sides: start, show, differences, pause, resume, cancel, remove',
  verbs: [start, show, differences, action('pause', 'let it wait'), action('resume', 'let it go on'), action('cancel', 'end it'), remove],
};
