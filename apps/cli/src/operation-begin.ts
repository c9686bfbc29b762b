/** drain, switch-over, fail-back and failover: the same verb for four kinds of operations. */
import type { Operations } from '@lutra/client';
import { reasonOf, reasonOption } from './consent.js';
import { CliError, exitCodes } from './exit-codes.js';
import { followed, showOperation } from './operation-follow.js';
import { channelArgument } from './pipelines.js';
import type { OptionOf, Run, Verb } from './verb.js';

const key = 'POST /api/v1/channels/{channel}/operation';
type Body = Operations[typeof key]['body'];

interface OperationVerb {
  readonly kind: Body['kind'];
  readonly summary: string;
  readonly details: string;
  readonly options?: readonly OptionOf[];
  readonly examples: Verb['examples'];
}

export function operationVerb({ kind, summary, details, options = [], examples }: OperationVerb): Verb {
  return {
    name: kind,
    summary,
    details,
    args: [channelArgument],
    options: [
      { flags: '--from <endpoint>', what: 'where clients stop writing; needed if the channel has several sources' },
      { flags: '--to <endpoint>', what: 'where they write afterwards; needed if it leads to several' },
      ...options,
      { flags: '--count', what: 'count the rows of both sides while nobody writes' },
      { flags: '--go-on-without <what>', what: 'do not wait for: writes, prepared, counts, lag, lost, one-way', kind: 'list' },
      { flags: '--dry-run', what: 'only the first look' },
      { flags: '--no-follow', what: 'do not wait for its end' },
      reasonOption,
    ],
    examples: examples ?? [],
    run: (run) => begin(run, kind),
  };
}

async function begin(run: Run, kind: Body['kind']): Promise<void> {
  const { args, client, options, out } = run;
  const [channel = ''] = args;
  const isDry = options.flag('dryRun');
  const accept = (options.list('goOnWithout') ?? []) as NonNullable<Body['accept']>;
  const reason = isDry ? 'a first look' : await reasonOf(run);
  const from = options.text('from');
  const to = options.text('to');
  const ends = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  const body: Body = { kind, ...ends, count: options.flag('count'), moveHome: options.flag('moveHome'), accept, reason };
  const answer = await client.call(key, { path: { channel }, query: isDry ? { dryRun: true } : {}, body });
  if (!('id' in answer)) {
    out.answer(answer, () => {
      out.line(`${answer.from} → ${answer.to}: ${answer.steps.join(', ')}`);
      out.paragraph(`${answer.ok ? '✓' : '✗'} ${answer.found}`, '  ');
      if (answer.fix) out.paragraph(`to do: ${answer.fix}`, '  ');
    });
    if (!answer.ok) throw new CliError(exitCodes.checksFailed, 'something is in the way');
    return;
  }
  if (out.isJson || !options.flag('follow')) return out.answer(answer, () => showOperation(out, answer));
  out.line(`${kind} of channel ${channel}, ${answer.from} → ${answer.to}; Ctrl-C ends only this view`);
  await followed(run, channel, answer);
}
