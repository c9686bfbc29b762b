/** start, pause, stop and retry: one request each, and what control says about it. */
import type { LutraClient } from '@lutra/client';
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
    args: [{ syntax: '<channel...>', what: 'one or several', named: 'channel' }],
    options: takesForce ? [force] : [],
    examples: [[`lutra ${name} orders`, example]],
    async run(run: Run) {
      for (const channel of run.args) {
        const answer = await request(run.client, name, { channel, force: run.options.flag('force') });
        run.out.answer(answer, () => {
          showProblems(run.out, answer.problems);
          run.out.line(`${channel} ${done}`);
        });
      }
    },
  };
}

function request(
  client: LutraClient,
  name: ChannelAction['name'],
  { channel, force }: { readonly channel: string; readonly force: boolean },
) {
  const path = { name: channel };
  if (name === 'stop') return client.call('POST /api/v1/channels/{name}/stop', { path });
  if (name === 'retry') return client.call('POST /api/v1/channels/{name}/retry', { path });
  const query = force ? { force } : {};
  if (name === 'start') return client.call('POST /api/v1/channels/{name}/start', { path, query });
  return client.call('POST /api/v1/channels/{name}/pause', { path, query });
}
