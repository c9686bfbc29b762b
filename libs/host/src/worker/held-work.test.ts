import type { WorkStatus } from '@lutra/model';
import { expect, it } from 'vitest';
import { workStatus } from '../../../model/src/work-status.fixture.js';
import { HeldWork } from './held-work.js';

it('tells what holds as long as it does, and hands each status on', async () => {
  const published: WorkStatus[] = [];
  const cleared: string[] = [];
  const held = new HeldWork({
    publish: (status) => void published.push(status),
    clear: async (_app, name) => void cleared.push(name),
  });
  const hold = { log: 'L', seq: 7, record: 'x:1', message: '', sql: '', here: null, tables: [], ways: [], since: 1 };
  const says = (name: string, more: Partial<WorkStatus>): void => held.publish(workStatus({ app: 'loader', name, ...more }));
  expect(held.text).toBeNull();
  says('ab.there', { state: 'held', hold: { ...hold, statement: 'ALTER TABLE', reason: 'policy' } });
  says('ab.back', { state: 'running' });
  says('cd.there', { state: 'held', hold: { ...hold, statement: 'DROP TABLE', reason: 'failed' } });
  expect(held.text).toMatch(/^DDL_HELD: ab\.there at ALTER TABLE \(policy\), cd\.there at DROP TABLE \(failed\); GET …\/ddl/);
  says('ab.there', { state: 'running' });
  await held.clear('loader', 'cd.there', 'host:1');
  expect([held.text, published.length, cleared]).toEqual([null, 4, ['cd.there']]);
});
