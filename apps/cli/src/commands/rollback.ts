import { applyOptions, applyPlan } from '../applying.js';
import { usageError } from '../exit-codes.js';
import type { Verb } from '../verb.js';

const kinds = { regions: true, endpoints: true, channels: true } as const;
type Kind = keyof typeof kinds;

export const verb: Verb = {
  name: 'rollback',
  summary: 'bring a document back to what it was before a change',
  details: 'Shows it as a plan and asks. Stored secrets stay; of a document that was removed they are to be given again by a lutra.yaml.',
  args: [
    { syntax: '<kind>', what: 'regions, endpoints or channels', named: Object.keys(kinds) },
    { syntax: '<name>', what: 'of the document' },
    { syntax: '<revision>', what: 'as lutra history shows it' },
  ],
  options: [
    { flags: '--to <which>', what: 'before: as it was before that change; after: as that change made it', choices: ['before', 'after'] },
    ...applyOptions,
  ],
  examples: [['lutra rollback channel orders 57', 'as orders was before revision 57']],
  async run(run) {
    const [word = '', name = '', revision = ''] = run.args;
    const kind = (Object.keys(kinds) as Kind[]).find((one) => one === word || one === `${word}s`);
    if (!kind) throw usageError(`${word}: a kind is ${Object.keys(kinds).join(', ')}`);
    if (!/^[1-9]\d*$/.test(revision)) throw usageError('a revision is a number: lutra history shows it');
    const to = run.options.text('to') === 'after' ? ('after' as const) : ('before' as const);
    const plan = await run.client.call('POST /api/v1/{kind}/{name}/history/{revision}/plan', {
      path: { kind, name, revision },
      body: { to },
    });
    return applyPlan(run, plan, { rollback: { kind, name, revision: Number(revision), to } });
  },
};
