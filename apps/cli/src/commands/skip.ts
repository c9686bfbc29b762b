import { acceptOption, reasonOf, reasonOption, requireConsent } from '../consent.js';
import { CliError, exitCodes } from '../exit-codes.js';
import { pipelineArguments } from '../pipelines.js';
import type { Run, Verb } from '../verb.js';
import { showPosition } from '../position-view.js';

export const verb: Verb = {
  name: 'skip',
  summary: 'leave out the transaction at which a pipeline stopped',
  details: 'Its rows are written to lutra.skipped at the target instead. Only that transaction can be skipped, and only as a whole.',
  args: pipelineArguments,
  options: [
    { flags: '--seq <number>', what: 'of the transaction; on a terminal the one of the status if left out', kind: 'number' },
    reasonOption,
    acceptOption,
  ],
  examples: [
    ['lutra skip orders to-ca', 'shows the transaction, asks for the reason, and asks'],
    ['lutra skip orders to-ca --seq 4711 --reason "row was removed by hand" --accept', 'for scripts'],
  ],
  async run(run) {
    const {
      args: [channel = '', pipeline = ''],
      client,
      out,
    } = run;
    const seq = await seqOf(run, channel, pipeline);
    const reason = await reasonOf(run);
    await requireConsent(run, `Skip the transaction with seq ${seq}? None of its rows is applied.`);
    const answer = await client.call('POST /api/v1/channels/{channel}/pipelines/{pipeline}/skip', {
      path: { channel, pipeline },
      body: { seq, reason },
    });
    out.answer(answer, () => showPosition(out, answer));
  },
};

async function seqOf({ client, options, out, prompts }: Run, channel: string, name: string): Promise<number> {
  const given = options.number('seq');
  if (given !== undefined) return given;
  if (!prompts.isPossible)
    throw new CliError(exitCodes.usage, '--seq is needed', 'lutra status <channel> --json has it: lastError.details.seq.');
  const { pipelines } = await client.call('GET /api/v1/channels/{name}/status', { path: { name: channel } });
  const pipeline = pipelines.find((one) => one.name === name);
  const seq = pipeline?.held?.seq ?? pipeline?.lastError?.details['seq'];
  if (typeof seq !== 'number') throw new CliError(exitCodes.refused, `pipeline ${channel}.${name} has not stopped at a transaction`);
  out.note(pipeline?.held?.message ?? `${pipeline?.lastError?.code}: ${pipeline?.lastError?.message}`);
  return seq;
}
