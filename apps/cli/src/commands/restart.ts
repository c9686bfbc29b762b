import type { Operations } from '@lutra/client';
import { acceptOption, reasonOf, reasonOption, withConsent } from '../consent.js';
import { usageError } from '../exit-codes.js';
import { showProblems } from '../output/problems.js';
import { pipelineArguments } from '../pipelines.js';
import { showPosition } from '../position-view.js';
import { healOption, healing, startOf, startOptions } from '../source-start.js';
import type { Options, Verb } from '../verb.js';

type At = Operations['POST /api/v1/channels/{channel}/pipelines/{pipeline}/restart']['body']['at'];

const pipeline: Verb = {
  name: 'pipeline',
  summary: 'let a pipeline continue at an end of its topic, or after a dump',
  details: 'Control says what it means before it does anything.',
  args: pipelineArguments,
  options: [
    { flags: '--at <end>', what: 'of the topic', choices: ['start', 'end'] },
    { flags: '--gtid-set <set>', what: 'of the dump that the target was loaded from' },
    { flags: '--position <file:pos>', what: 'of that dump, without GTIDs' },
    healOption,
    reasonOption,
    acceptOption,
  ],
  examples: [['lutra restart pipeline orders to-ca --gtid-set 3e11fa47-…:1-4711', 'after the target was loaded from a dump']],
  async run(run) {
    const {
      args: [channel = '', name = ''],
      client,
      options,
      out,
    } = run;
    const at = atOf(options);
    const reason = await reasonOf(run);
    const path = { channel, pipeline: name };
    const send = (accept: boolean) =>
      client.call('POST /api/v1/channels/{channel}/pipelines/{pipeline}/restart', {
        path,
        body: { at, reason, accept, ...healing(options) },
      });
    const answer = await withConsent(run, `Restart pipeline ${channel}.${name} so?`, send);
    out.answer(answer, () => {
      out.paragraph(answer.consequence);
      showPosition(out, answer);
    });
  },
};

function atOf(options: Options): At {
  const end = options.text('at');
  const gtidSet = options.text('gtidSet');
  const position = options.text('position');
  const [, file, pos] = /^(.+):(\d+)$/.exec(position ?? '') ?? [];
  if ([end, gtidSet, position].filter((one) => one !== undefined).length !== 1) throw usageError('one of --at, --gtid-set and --position');
  if (gtidSet !== undefined) return { gtidSet };
  if (end === 'start' || end === 'end') return end;
  if (file === undefined) throw usageError('--position takes <file>:<pos>, as mysql-bin.000042:1547');
  return { file, pos: Number(pos) };
}

const endpoint: Verb = {
  name: 'endpoint',
  summary: 'let capture continue elsewhere in its source, in the same log',
  details: 'Control says which transactions the log will lack before it does anything: they reach no target.',
  args: [{ syntax: '<endpoint>', what: 'its name', named: 'endpoint' }],
  options: [
    ...startOptions,
    { flags: '--after <gtid>', what: "at the log's position, without these transactions" },
    healOption,
    reasonOption,
    acceptOption,
  ],
  examples: [['lutra restart endpoint orders-hz --after 3e11fa47-…:17', 'passes one transaction that capture cannot read']],
  async run(run) {
    const {
      args: [name = ''],
      client,
      options,
      out,
    } = run;
    const gtid = options.text('after');
    const start = gtid === undefined ? startOf(options) : ({ from: 'after', gtid } as const);
    const reason = await reasonOf(run);
    const send = (accept: boolean) =>
      client.call('POST /api/v1/endpoints/{endpoint}/restart', {
        path: { endpoint: name },
        body: { start, reason, accept, ...healing(options) },
      });
    const answer = await withConsent(run, `Restart endpoint ${name} so?`, send);
    out.answer(answer, () => {
      showProblems(out, answer.consequences);
      out.line(`ordered: capture of ${name} carries it out when it works`);
    });
  },
};

export const verb: Verb = {
  name: 'restart',
  summary: 'continue elsewhere: pipeline in its topic, endpoint in its source',
  verbs: [pipeline, endpoint],
};
