/** The status as server-sent events, read as a browser does. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { kept, running } from '../../../test/servers/index.js';
import { ControlClient, startControl } from './control-client.js';
import type { RunningControl } from './control-client.js';

const token = 'a-token-of-the-test';
const headers = { Authorization: `Bearer ${token}` };
let control: RunningControl;
let client: ControlClient;

beforeAll(async () => {
  await running(kept.zooKeeper);
  control = await startControl({ ZOOKEEPER: kept.zooKeeper.connect, LUTRA_ROOT: '/stream', LUTRA_API_TOKEN: token });
  client = new ControlClient(control.url, headers);
  await vi.waitUntil(async () => (await client.get('/health/ready')).status === 200, { timeout: 60_000, interval: 50 });
});

afterAll(() => control.app.close());

interface StreamEvent {
  readonly event: string;
  readonly data: { readonly revision: number | null; readonly channels: readonly unknown[]; readonly names?: readonly string[] };
}

async function* eventsOf(response: Response): AsyncGenerator<StreamEvent> {
  let text = '';
  for await (const bytes of response.body!.pipeThrough(new TextDecoderStream())) {
    text += bytes;
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const [, event = '', data = ''] = /^event: (\w+)\ndata: (.+)$/.exec(part) ?? [];
      if (event !== '') yield { event, data: JSON.parse(data) as StreamEvent['data'] };
    }
  }
}

it('is for who has logged in', async () => {
  const answer = await fetch(`${control.url}/api/v1/stream`);
  expect(answer.status).toBe(401);
  await answer.body?.cancel();
});

it('tells all of it first, and what changes as it changes', async () => {
  const response = await fetch(`${control.url}/api/v1/stream`, { headers });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const events = eventsOf(response);
  const first = await events.next();
  expect(first.value).toMatchObject({ event: 'status', data: { zooKeeper: 'connected', channels: [] } });
  const region = { name: 'here', kafka: { brokers: ['127.0.0.1:1'] } };
  expect((await client.post('/api/v1/regions', region)).status).toBe(201);
  const next = await events.next();
  expect(next.value).toMatchObject({ event: 'change', data: { channels: [], names: [] } });
  expect((next.value as StreamEvent).data.revision).toBeGreaterThan((first.value as StreamEvent).data.revision ?? -1);
  await events.return(undefined);
});

it('ends when control ends, without holding it up', async () => {
  const other = await startControl({ ZOOKEEPER: kept.zooKeeper.connect, LUTRA_ROOT: '/stream', LUTRA_API_TOKEN: token });
  const response = await vi.waitUntil(
    async () => {
      const asked = await fetch(`${other.url}/api/v1/stream`, { headers });
      if (asked.status === 200) return asked;
      await asked.body?.cancel();
      return null;
    },
    { timeout: 60_000, interval: 50 },
  );
  const events = eventsOf(response);
  await events.next();
  await other.app.close();
  await expect(events.next()).resolves.toMatchObject({ done: true });
});
