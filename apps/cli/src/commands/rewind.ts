import type { Operations } from '@lutra/client';
import { acceptOption, reasonOf, reasonOption, requireConsent } from '../consent.js';
import { usageError } from '../exit-codes.js';
import { showProblems } from '../output/problems.js';
import { pipelineArguments } from '../pipelines.js';
import { showPosition } from '../position-view.js';
import type { Options, Run, Verb } from '../verb.js';

type Body = Operations['POST /api/v1/channels/{channel}/pipelines/{pipeline}/rewind']['body'];
type To = NonNullable<Body['to']>;
type Answer = Operations['POST /api/v1/channels/{channel}/pipelines/{pipeline}/rewind']['answer'];
type Preview = Extract<Answer, { readonly dryRun: true }>;

export const verb: Verb = {
  name: 'rewind',
  summary: 'set the position of a pipeline: apply a part of the log once more, or leave one out',
  details:
    'Back: for rows that were changed or lost at the target. Until the replay has finished, the target shows old versions of rows. Ahead: what lies between is never applied.',
  args: pipelineArguments,
  options: [
    { flags: '--seq <number>', what: 'everything behind it is applied; -1: all that the topic holds', kind: 'number' },
    { flags: '--offset <number>', what: 'everything from this offset of the topic on', kind: 'number' },
    { flags: '--gtid-set <set>', what: 'everything that is not in this set' },
    { flags: '--position <file:pos>', what: 'everything from this position of the binlog on' },
    { flags: '--time <time>', what: 'everything that was published then or later, and in the minute before' },
    { flags: '--overwrite', what: 'also where other pipelines write the same tables: their changes since then are lost at the target' },
    { flags: '--dry-run', what: 'only say where it would lead' },
    reasonOption,
    acceptOption,
  ],
  examples: [
    ['lutra rewind orders to-ca --time 2026-12-01T05:00:00Z --dry-run', 'how far back that is'],
    ['lutra rewind orders to-ca --seq 4711', 'says what it means, asks for the reason, and asks'],
  ],
  async run(run) {
    const {
      args: [channel = '', pipeline = ''],
      options,
      out,
    } = run;
    const to = toOf(options);
    const overwrite = options.flag('overwrite') ? { overwrite: true } : {};
    const preview = await send(run, { to, reason: 'dry run', ...overwrite }, true);
    if (!('dryRun' in preview)) throw new Error('control did what it was only asked about');
    if (options.flag('dryRun')) return out.answer(preview, () => show(run, preview));
    if (!out.isJson) show(run, preview);
    const reason = await reasonOf(run);
    await requireConsent(run, `Set the position of ${channel}.${pipeline} so?`);
    const answer = await send(run, { to, reason, accept: true, ...overwrite }, false);
    if (!('dryRun' in answer)) out.answer(answer, () => showPosition(out, answer));
  },
};

function send({ client, args: [channel = '', pipeline = ''] }: Run, body: Body, dryRun: boolean): Promise<Answer> {
  const query = dryRun ? { dryRun } : {};
  return client.call('POST /api/v1/channels/{channel}/pipelines/{pipeline}/rewind', { path: { channel, pipeline }, query, body });
}

function show({ out }: Run, { from, to, consequence, problems, rows }: Preview): void {
  out.paragraph(consequence);
  out.line(`from seq ${from.seq} (offset ${from.nextOffset}) to seq ${to.seq} (offset ${to.nextOffset})`);
  for (const { table, rows: count } of rows) out.line(`  ${table}: ${count} rows`);
  showProblems(out, problems);
}

/** @throws CliError usage */
function toOf(options: Options): To {
  const [seq, offset] = [options.number('seq'), options.number('offset')];
  const [gtidSet, position, time] = [options.text('gtidSet'), options.text('position'), options.text('time')];
  if ([seq, offset, gtidSet, position, time].filter((one) => one !== undefined).length !== 1)
    throw usageError('say where to, once: --seq, --offset, --gtid-set, --position or --time');
  if (seq !== undefined) return { seq };
  if (offset !== undefined) return { offset };
  if (gtidSet !== undefined) return { gtidSet };
  if (time !== undefined) return { time };
  const [, file, pos] = /^(.+):(\d+)$/.exec(position ?? '') ?? [];
  if (file === undefined) throw usageError('--position takes <file>:<pos>, as mysql-bin.000042:1547');
  return { file, pos: Number(pos) };
}
