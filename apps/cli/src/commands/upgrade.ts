import { acceptOption, requireConsent } from '../consent.js';
import { CliError, exitCodes } from '../exit-codes.js';
import type { Run, Verb } from '../verb.js';
import { workerColumns } from './workers.js';

const status: Verb = {
  name: 'status',
  summary: "the cluster's level, and what is in the way of the next one",
  async run({ client, out }) {
    const level = await client.call('GET /api/v1/level');
    out.answer(level, () => {
      out.line(`level ${level.level}: ${level.contents[String(level.level)] ?? ''}`);
      if (level.next === null) out.line('No live process knows a higher one.');
      else out.line(`next ${level.next.level}: ${level.contents[String(level.next.level)] ?? ''}`);
      for (const { what, fix } of level.next?.blocks ?? []) out.paragraph(`✗ ${what}: ${fix}`);
      out.line();
      out.table(workerColumns, level.processes, 'no process lives');
    });
  },
};

const finish: Verb = {
  name: 'finish',
  summary: 'raise the level when all processes are new; it never falls',
  details: 'From then on what the new version adds may be written, and no process of an older version can work.',
  options: [{ flags: '--level <number>', what: 'the highest that all know if left out', kind: 'number' }, acceptOption],
  async run(run) {
    const { client, out } = run;
    const { level, next } = await client.call('GET /api/v1/level');
    const to = run.options.number('level') ?? next?.level;
    if (to === undefined) return nothing(run, level);
    if (next && next.blocks.length > 0 && to >= next.level)
      throw new CliError(
        exitCodes.refused,
        `level ${to} has something in its way`,
        next.blocks.map(({ what, fix }) => `${what}: ${fix}`).join('\n'),
      );
    await requireConsent(run, `Raise the level from ${level} to ${to}? There is no way back.`);
    const raised = await client.call('POST /api/v1/level', { body: { level: to } });
    out.answer(raised, () => out.line(`the level is ${raised.level}`));
  },
};

function nothing({ out }: Run, level: number): void {
  out.note(`the level is ${level}, and no live process knows a higher one`);
}

export const verb: Verb = { name: 'upgrade', summary: 'the level of the cluster: status, finish', verbs: [status, finish] };
