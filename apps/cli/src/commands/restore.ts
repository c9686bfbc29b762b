import { acceptOption, requireConsent } from '../consent.js';
import { parseObject } from '../json-option.js';
import { textIn } from '../plan-view.js';
import type { Verb } from '../verb.js';

export const verb: Verb = {
  name: 'restore',
  summary: 'write a backup into an empty ZooKeeper',
  details: 'Repeat it if it was interrupted. It never overwrites what is there.',
  args: [{ syntax: '<file>', what: 'as lutra backup wrote it' }],
  options: [acceptOption],
  async run(run) {
    const [file = ''] = run.args;
    const body = parseObject(textIn(file), file);
    await requireConsent(run, `Restore ${file}?`);
    const { answer } = await run.client.send('POST', '/api/v1/restore', { body });
    const { written, kept } = answer as { readonly written: number; readonly kept: number };
    run.out.answer(answer, () => run.out.line(`restored: ${written} written, ${kept} were there`));
  },
};
