import { acceptOption, reasonOf, reasonOption, withConsent } from '../consent.js';
import { time } from '../output/format.js';
import { showProblems } from '../output/problems.js';
import type { Verb } from '../verb.js';

const show: Verb = {
  name: 'show',
  summary: 'the revision of the configuration, and who says that ZooKeeper does not continue it',
  async run({ client, out }) {
    const answer = await client.call('GET /api/v1/revision');
    const { revision, regressed } = answer;
    out.answer(answer, () => {
      out.line(
        revision ? `revision ${revision.revision}, written ${time(revision.at)} by ${revision.by}` : 'no revision: the tree is empty',
      );
      for (const { app, name, instance, is } of regressed) out.line(`✗ ${app} ${name} at ${instance} says CONFIG_REGRESSED, and is ${is}`);
    });
  },
};

const adopt: Verb = {
  name: 'adopt',
  summary: 'say that the tree in ZooKeeper is the right one, although it does not continue what is known',
  options: [{ flags: '--above <number>', what: 'a revision that control cannot see', kind: 'number' }, reasonOption, acceptOption],
  async run(run) {
    const { client, options, out } = run;
    const above = options.number('above');
    const reason = await reasonOf(run);
    const send = (accept: boolean) =>
      client.call('POST /api/v1/revision/adopt', { body: { reason, accept, ...(above === undefined ? {} : { above }) } });
    const answer = await withConsent(run, 'Adopt this tree? All processes follow it.', send);
    out.answer(answer, () => {
      showProblems(out, answer.consequences);
      out.line(`adopted: revision ${answer.revision.revision}`);
    });
  },
};

export const verb: Verb = { name: 'revision', summary: 'whether ZooKeeper continues what is known: show, adopt', verbs: [show, adopt] };
