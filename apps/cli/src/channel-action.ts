/** start, pause, stop and retry, of channels and of single pipelines: one request each, and what control says about it. */
import type { LutraClient } from '@lutra/client';
import { reasonOption } from './consent.js';
import { showProblems } from './output/problems.js';
import type { OptionOf, Run, Verb } from './verb.js';

export interface ChannelAction {
  readonly name: 'start' | 'pause' | 'stop' | 'retry';
  readonly summary: string;
  readonly details?: string;
  readonly done: string;
  readonly example: string;
}

const force: OptionOf = { flags: '--force', what: 'in spite of problems of the servers; the status shows it until somebody confirms it' };

export function channelAction({ name, summary, details, done, example }: ChannelAction): Verb {
  const takesForce = name === 'start' || name === 'pause';
  return {
    name,
    summary,
    ...(details === undefined ? {} : { details }),
    args: [{ syntax: '<channel...>', what: 'one or several; <channel>/<pipeline> is one pipeline of it', named: 'channel' }],
    options: takesForce ? [force, reasonOption] : [reasonOption],
    examples: [
      [`lutra ${name} orders`, example],
      [`lutra ${name} orders/to-ca`, 'one pipeline of it'],
    ],
    async run(run: Run) {
      const [isForced, reason] = [run.options.flag('force'), run.options.text('reason')];
      const query = { ...(isForced && { force: true }), ...(reason !== undefined && { reason }) };
      for (const subject of run.args) {
        const answer = await request(run.client, name, { subject, query });
        run.out.answer(answer, () => {
          showProblems(run.out, answer.problems);
          run.out.line(`${subject} ${done}`);
        });
      }
    },
  };
}

interface Asked {
  /** `<channel>`, `<channel>/<pipeline>` */
  readonly subject: string;
  readonly query: { readonly force?: boolean; readonly reason?: string };
}

function request(client: LutraClient, name: ChannelAction['name'], { subject, query }: Asked) {
  const [channel = '', pipeline] = subject.split('/', 2);
  if (pipeline !== undefined) return ofPipeline(client, name, { path: { channel, pipeline }, query });
  const of = { path: { name: channel }, query };
  if (name === 'stop') return client.call('POST /api/v1/channels/{name}/stop', of);
  if (name === 'retry') return client.call('POST /api/v1/channels/{name}/retry', of);
  if (name === 'start') return client.call('POST /api/v1/channels/{name}/start', of);
  return client.call('POST /api/v1/channels/{name}/pause', of);
}

function ofPipeline(
  client: LutraClient,
  name: ChannelAction['name'],
  of: Pick<Asked, 'query'> & { readonly path: { readonly channel: string; readonly pipeline: string } },
) {
  if (name === 'stop') return client.call('POST /api/v1/channels/{channel}/pipelines/{pipeline}/stop', of);
  if (name === 'retry') return client.call('POST /api/v1/channels/{channel}/pipelines/{pipeline}/retry', of);
  if (name === 'start') return client.call('POST /api/v1/channels/{channel}/pipelines/{pipeline}/start', of);
  return client.call('POST /api/v1/channels/{channel}/pipelines/{pipeline}/pause', of);
}
