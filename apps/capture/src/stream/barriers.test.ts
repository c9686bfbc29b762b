import type { BarrierOrder, ControlRecord } from '@lutra/model';
import type { Versioned } from '@lutra/registry';
import { expect, it } from 'vitest';
import { Places } from '../seed/places.js';
import { Barriers } from './barriers.js';
import type { BarriersOptions } from './barriers.js';
import type { Acknowledged } from './log-writer.js';

const order = (more: Partial<BarrierOrder> = {}): BarrierOrder => ({
  endpoint: 'a',
  position: { file: 'binlog.000002', pos: 100 },
  server: 'server-1',
  pipelines: ['aaaaaaaaaaaa' as never],
  at: 1,
  answer: null,
  ...more,
});

function world(orders: Record<string, BarrierOrder>, level = 5) {
  const nodes = new Map<string, Versioned<BarrierOrder>>(Object.entries(orders).map(([id, document]) => [id, { document, version: 0 }]));
  const places = new Places();
  const published: ControlRecord[] = [];
  const warned: string[] = [];
  const failing = { replace: false };
  const barriers = new Barriers({
    endpoint: 'a',
    server: 'server-1',
    barriers: {
      names: () => Promise.resolve([...nodes.keys()]),
      read: (id: string) => Promise.resolve(nodes.get(id) ?? null),
      replace: (id: string, document: BarrierOrder, version: number | null) => {
        if (failing.replace) return Promise.reject(new Error('away'));
        if (nodes.get(id)?.version !== version) return Promise.resolve(false);
        nodes.set(id, { document, version: (version ?? 0) + 1 });
        return Promise.resolve(true);
      },
    } as unknown as BarriersOptions['barriers'],
    log: { control: (record) => Promise.resolve(void published.push(record)) },
    places,
    level: () => level,
    warn: (_, message) => void warned.push(message),
    pollMs: 1,
    signal: new AbortController().signal,
  });
  const reach = async (file: string, pos: number): Promise<void> => {
    void places.enter();
    await places.reached({ end: { file, pos, gtidSet: null }, seen: {} });
    places.leave();
  };
  const acknowledge = (seq: number): void =>
    barriers.acknowledged(published.map((control) => ({ control, header: { log: 'l', epoch: 3, seq } }) as unknown as Acknowledged));
  const settled = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 1));
  return { nodes, published, warned, failing, barriers, reach, acknowledge, settled };
}

it('publishes a barrier where the reader has passed the position, and answers when Kafka has it', async () => {
  const { nodes, published, barriers, reach, acknowledge, settled } = world({ x: order() });
  await barriers.look();
  await reach('binlog.000002', 99);
  expect(published).toEqual([]);
  await reach('binlog.000002', 100);
  expect(published).toMatchObject([{ kind: 'barrier', id: 'x', endpoint: 'a', pipelines: ['aaaaaaaaaaaa'] }]);
  expect(nodes.get('x')?.document.answer).toBeNull();
  acknowledge(7);
  await settled();
  expect(nodes.get('x')?.document.answer).toMatchObject({ log: 'l', epoch: 3, seq: 7 });
});

it('passes by what is not its own, what is answered, and everything below level 5', async () => {
  const answered = order({ answer: { log: 'l', epoch: 1, seq: 1, at: 1 } });
  const { published, barriers, reach } = world({ x: order({ endpoint: 'b' }), y: answered });
  await barriers.look();
  await reach('binlog.000009', 4);
  expect(published).toEqual([]);
  const low = world({ x: order() }, 4);
  await low.barriers.look();
  await low.reach('binlog.000009', 4);
  expect(low.published).toEqual([]);
});

it('refuses the position of another server', async () => {
  const { nodes, published, barriers, reach, settled } = world({ x: order({ server: 'server-2' }) });
  await barriers.look();
  await settled();
  await reach('binlog.000009', 4);
  expect(published).toEqual([]);
  expect(nodes.get('x')?.document.answer).toMatchObject({ refused: expect.stringContaining('another server') as string });
});

it('publishes once more where the answer could not be written', async () => {
  const { nodes, published, warned, failing, barriers, reach, acknowledge, settled } = world({ x: order() });
  await barriers.look();
  await reach('binlog.000002', 100);
  failing.replace = true;
  acknowledge(7);
  await settled();
  expect(warned).toEqual(['a barrier cannot be answered yet']);
  failing.replace = false;
  await barriers.look();
  await reach('binlog.000002', 200);
  expect(published).toHaveLength(2);
  acknowledge(9);
  await settled();
  expect(nodes.get('x')?.document.answer).toMatchObject({ seq: 9 });
});
