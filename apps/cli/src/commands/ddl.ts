import type { Answer, Operations } from '@lutra/client';
import { acceptOption, reasonOf, reasonOption, requireConsent } from '../consent.js';
import { CliError, exitCodes, usageError } from '../exit-codes.js';
import { time } from '../output/format.js';
import type { Output } from '../output/output.js';
import type { Column } from '../output/table.js';
import { channelArgument, pipelineArguments } from '../pipelines.js';
import type { Run, Verb } from '../verb.js';

type Ddl = Answer<'GET /api/v1/channels/{channel}/pipelines/{pipeline}/ddl'>;
type Way = Operations['POST /api/v1/channels/{channel}/pipelines/{pipeline}/ddl']['body']['answer'];

/** Answer → what it means. */
const meanings: Readonly<Record<Way, string>> = {
  run: 'carry it out as shown',
  done: 'it has been done at the target',
  skip: 'leave it out',
  seed: 'copy the tables that come with rows',
};
const ways = Object.keys(meanings) as Way[];

const columns: readonly Column<Ddl['recent'][number]>[] = [
  { title: 'begun (UTC)', of: ({ begunAt }) => begunAt, whole: true },
  { title: 'state', of: ({ state }) => state },
  { title: 'answer', of: ({ answer }) => answer?.answer },
  { title: 'by', of: ({ answer }) => answer?.by, wide: true },
  { title: 'here', of: ({ here }) => here },
];

const show: Verb = {
  name: 'show',
  summary: 'what pipelines do with schema changes, and where one holds',
  args: [channelArgument, { syntax: '[pipeline]', what: 'all if left out', named: 'pipeline' }],
  async run({ args: [channel = '', one], client, out }) {
    const names =
      one === undefined
        ? (await client.call('GET /api/v1/channels/{name}', { path: { name: channel } })).pipelines.map(({ name }) => name)
        : [one];
    const answers: Ddl[] = [];
    for (const pipeline of names)
      answers.push(await client.call('GET /api/v1/channels/{channel}/pipelines/{pipeline}/ddl', { path: { channel, pipeline } }));
    out.answer(one === undefined ? answers : answers[0], () => answers.forEach((answer) => showDdl(out, answer)));
  },
};

function showDdl(out: Output, { pipeline, settings, hold, running, tables, recent, waiting, unreachable }: Ddl): void {
  out.toned(out.tone(pipeline, 'strong'));
  out.line(`  schema changes: ${settings.default}, DROP: ${settings.drop}, TRUNCATE: ${settings.truncate}`);
  if (hold) showHold(out, hold);
  if (running) out.paragraph(`runs since ${time(running.since)}: ${running.here}`, '  ');
  for (const { target, differences } of tables) if (differences.length > 0) out.paragraph(`${target}: ${differences.join('; ')}`, '  ');
  for (const { target } of waiting) out.line(`  ${target} waits for its seed`);
  for (const { endpoint, message } of unreachable) out.note(`! ${endpoint} does not answer: ${message}`);
  out.table(columns, recent, 'no schema change yet');
}

function showHold(out: Output, hold: NonNullable<Ddl['hold']>): void {
  out.toned(`  ${out.tone('holds', 'bad')} since ${time(hold.since)} at seq ${hold.seq}`);
  out.paragraph(hold.message, '  ');
  out.paragraph(`at the source: ${hold.sql}`, '  ');
  out.paragraph(`at the target: ${hold.here ?? 'it cannot be said'}`, '  ');
  out.line(`  answers: ${hold.ways.join(', ')}`);
}

const answer: Verb = {
  name: 'answer',
  summary: 'answer the schema change at which a pipeline holds',
  details:
    'run: carry it out as shown. done: it has been done at the target. skip: leave it out. seed: copy the tables that come with rows.',
  args: [...pipelineArguments, { syntax: '<answer>', what: ways.join(', '), named: ways }],
  options: [
    { flags: '--seq <number>', what: 'of the change that was looked at; without a terminal it must be given', kind: 'number' },
    reasonOption,
    acceptOption,
  ],
  examples: [['lutra ddl answer orders to-ca run', 'shows the statement, and asks']],
  async run(run) {
    const {
      args: [channel = '', pipeline = '', word = ''],
      client,
      out,
    } = run;
    const given = ways.find((way) => way === word);
    if (!given) throw usageError(`${word}: an answer is ${ways.join(', ')}`);
    const path = { channel, pipeline };
    const { hold } = await client.call('GET /api/v1/channels/{channel}/pipelines/{pipeline}/ddl', { path });
    if (!hold) throw new CliError(exitCodes.refused, `pipeline ${channel}.${pipeline} does not hold at a schema change`);
    requireSame(run, hold.seq);
    if (!out.isJson) showHold(out, hold);
    const reason = await reasonOf(run);
    await requireConsent(run, `Answer "${given}"?`);
    const body = { log: hold.log, seq: hold.seq, answer: given, reason };
    const after = await client.call('POST /api/v1/channels/{channel}/pipelines/{pipeline}/ddl', { path, body });
    out.answer(after, () => out.line(`answered: ${given}`));
  },
};

/** Nobody answers a statement that he has not seen. */
function requireSame({ options, prompts }: Run, seq: number): void {
  const seen = options.number('seq');
  if (seen === undefined && !prompts.isPossible)
    throw usageError('--seq is needed', 'lutra ddl show has it: the answer is to that statement alone.');
  if (seen !== undefined && seen !== seq) throw new CliError(exitCodes.refused, `it holds at seq ${seq} now, not at ${seen}`);
}

export const verb: Verb = { name: 'ddl', summary: 'schema changes: show, answer', verbs: [show, answer] };
