import type { WorkStatus } from '@lutra/model';
import { expect, it } from 'vitest';
import { StatusReporter } from './status-reporter.js';

it('clears its status after a publication that was under way when it closed, and publishes nothing behind it', async () => {
  const answer = Promise.withResolvers<void>();
  const calls: string[] = [];
  const sink = {
    async publish(status: WorkStatus): Promise<void> {
      calls.push(`asked to publish ${status.state}`);
      await answer.promise;
      calls.push('published');
    },
    async clear(): Promise<void> {
      calls.push('cleared');
    },
  };
  const nobody = (): void => undefined;
  const reporter = new StatusReporter({ app: 'loader', name: 'a', instance: 'b', sink, onStatus: nobody, onPublishError: nobody });
  const closed = reporter.close();
  reporter.update({ state: 'running' });
  answer.resolve();
  await closed;
  reporter.update({ state: 'stopped' });
  expect(calls).toEqual(['asked to publish starting', 'published', 'cleared']);
});
