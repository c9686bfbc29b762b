import type { Run, Verb } from '../verb.js';
import { showChannels, showStatus } from '../status-view.js';
import { watched, watchOption } from '../watch.js';

export const verb: Verb = {
  name: 'status',
  summary: 'how channels and their pipelines are: state, lag, rows, what needs somebody',
  args: [{ syntax: '[channel]', what: 'all if left out', named: 'channel' }],
  options: [watchOption],
  examples: [
    ['lutra status', 'all channels'],
    ['lutra status orders --watch', 'one channel, until Ctrl-C'],
    ['lutra status --json | jq .channels[].state', 'for scripts'],
  ],
  async run(run) {
    const {
      args: [channel],
      client,
    } = run;
    if (channel === undefined) await shown(run, () => client.call('GET /api/v1/status'), showStatus);
    else
      await shown(
        run,
        () => client.call('GET /api/v1/channels/{name}/status', { path: { name: channel } }),
        (out, one) => showChannels(out, [one]),
      );
  },
};

async function shown<T>(run: Run, ask: () => Promise<T>, show: (out: Run['out'], answer: T) => void): Promise<void> {
  const { options, out } = run;
  if (options.text('watch') !== undefined || options.flag('watch')) {
    await watched(run, ask, (answer) => out.captured((frame) => show(frame, answer)));
    return;
  }
  const answer = await ask();
  out.answer(answer, () => show(out, answer));
}
