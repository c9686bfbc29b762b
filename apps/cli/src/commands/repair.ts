import type { Answer, Operations } from '@lutra/client';
import { acceptOption, reasonOf, reasonOption, requireConsent } from '../consent.js';
import { differenceColumns } from '../differences.js';
import { CliError, exitCodes } from '../exit-codes.js';
import { count } from '../output/format.js';
import type { Output } from '../output/output.js';
import { showProblems } from '../output/problems.js';
import type { Column } from '../output/table.js';
import { channelArgument } from '../pipelines.js';
import type { Run, Verb } from '../verb.js';

const key = 'POST /api/v1/channels/{channel}/verify/{id}/repair';
type Body = Operations[typeof key]['body'];
type Repair = Answer<typeof key>;

const columns: readonly Column<Repair['tables'][number]>[] = [
  { title: 'pipeline', of: ({ pipeline }) => pipeline, whole: true },
  { title: 'table', of: ({ schema, table }) => `${schema}.${table}` },
  { title: 'missing here', of: ({ missingHere }) => count(missingHere) },
  { title: 'there', of: ({ missingThere }) => count(missingThere) },
  { title: 'different', of: ({ different }) => count(different) },
  { title: 'extra', of: ({ extra }) => count(extra) },
  { title: 'ranges', of: ({ ranges }) => count(ranges), wide: true },
  { title: 'files', of: ({ files }) => count(files) },
];

export const verb: Verb = {
  name: 'repair',
  summary: 'make rows equal that a verification found to differ',
  args: [channelArgument],
  options: [
    { flags: '--verification <id>', what: 'the one of the channel if left out' },
    { flags: '--table <schema.table>', what: 'with * and ?; may be given several times; all that differ if left out', kind: 'list' },
    { flags: '--winner <side>', what: 'whose row it becomes: source, target or a region' },
    { flags: '--extra <schema.table>', what: 'delete rows that are only at the target; may be given several times', kind: 'list' },
    { flags: '--trash-orphans', what: 'move files that no row names to the trash of their root' },
    { flags: '--until-equal', what: 'verify and repair again until all is equal' },
    { flags: '--dry-run', what: 'only show which rows' },
    reasonOption,
    acceptOption,
  ],
  examples: [
    ['lutra repair orders --dry-run --reason look', 'which rows, with both versions (--wide)'],
    ['lutra repair orders --until-equal', 'shows them, asks for the reason, and asks'],
  ],
  async run(run) {
    const {
      args: [channel = ''],
      client,
      options,
      out,
    } = run;
    const path = { channel, id: options.text('verification') ?? (await verificationOf(run, channel)) };
    const body = { ...(await bodyOf(run)), untilEqual: options.flag('untilEqual') };
    const preview = await client.call(key, { path, body: { ...body, dryRun: true } });
    if (options.flag('dryRun')) return out.answer(preview, () => showPreview(out, preview));
    if (!out.isJson) showPreview(out, preview);
    await requireConsent(run, 'Repair this?');
    const answer = await client.call(key, { path, body });
    out.answer(answer, () => out.line(`ordered: lutra verify show ${channel} --watch`));
  },
};

async function verificationOf({ client }: Run, channel: string): Promise<string> {
  const { order } = await client.call('GET /api/v1/channels/{channel}/verify', { path: { channel } });
  if (!order) throw new CliError(exitCodes.refused, `channel ${channel} has no verification`, `lutra verify start ${channel}`);
  return order.id;
}

async function bodyOf(run: Run): Promise<Body> {
  const { options } = run;
  const [tables, extra, winner] = [options.list('table'), options.list('extra'), options.text('winner')];
  return {
    reason: await reasonOf(run),
    ...(tables ? { tables: [...tables] } : {}),
    ...(extra ? { extra: [...extra] } : {}),
    ...(winner === undefined ? {} : { winner }),
    ...(options.flag('trashOrphans') ? { orphans: 'trash' as const } : {}),
  };
}

function showPreview(out: Output, { order, tables, orphans, rows, problems }: Repair): void {
  out.table(columns, tables, 'nothing to repair');
  for (const { pipeline, root, files, bytes } of orphans)
    out.line(`${pipeline}: ${count(files)} files of root ${root}, ${count(bytes)} bytes, which no row names, go to its trash`);
  out.line(`winner: ${order.winner}`);
  if (rows.length > 0) out.table(differenceColumns, rows, '');
  showProblems(out, problems);
}
