import type { OperationalEvent } from '@lutra/model';
import { SyncError } from '@lutra/model';
import type { NewOmission } from '@lutra/registry';
import { Metrics } from '@lutra/telemetry';
import { expect, it, vi } from 'vitest';
import { DdlOmissions } from './ddl-omissions.js';
import type { Acknowledged } from '../stream/log-writer.js';

const position = { file: 'binlog.000002', pos: 77, gtidSet: null };
const record = (seq: number): Acknowledged => ({
  header: { kind: 'ddl', log: 'L', seq, epoch: 1 },
  offset: seq,
  bytes: 1,
  row: null,
  control: {
    kind: 'ddl',
    endpoint: 'a',
    database: 'shop',
    sql: "ALTER TABLE orders ADD COLUMN s VARCHAR(9) DEFAULT 'secret'",
    statement: 'ALTER TABLE',
    tables: [{ database: 'shop', name: 'orders' }],
    position,
    tsMs: 5,
  },
});

it('says each statement without its text, and holds the position backup until ZooKeeper has it', async () => {
  const added: NewOmission[] = [];
  let isAway = true;
  const add = async (_: string, omissions: readonly NewOmission[]): Promise<void> => {
    if (isAway) throw new SyncError('ZOOKEEPER_UNAVAILABLE', 'away');
    added.push(...omissions);
  };
  const told: OperationalEvent[] = [];
  const said: unknown[] = [];
  const metrics = new Metrics('capture', { processMetrics: false });
  const logger = { warn: (...args: unknown[]) => said.push(args) } as never;
  const about = { endpoint: { name: 'a', region: 'hangzhou' }, tell: (event: OperationalEvent) => told.push(event) };
  const stop = new AbortController();
  const omissions = new DdlOmissions({ registry: { omissions: { add } }, metrics, logger }, { ...about, signal: stop.signal });
  expect(omissions.isWaiting).toBe(false);
  omissions.acknowledged([record(3), record(4)]);
  expect(told).toMatchObject([
    {
      type: 'ddl-ignored',
      endpoint: 'a',
      region: 'hangzhou',
      statement: 'ALTER TABLE',
      tables: [{ schema: 'shop', table: 'orders' }],
      seq: 3,
    },
    { seq: 4 },
  ]);
  expect(await metrics.registry.metrics()).toContain('lutra_ddl_ignored_total{name="a",statement="ALTER TABLE",app="capture"} 2');
  expect(omissions.isWaiting).toBe(true);
  isAway = false;
  await vi.waitUntil(() => !omissions.isWaiting, { timeout: 10_000 });
  const body = { what: 'ALTER TABLE', tables: ['shop.orders'], where: 'binlog.000002:77', at: 5 };
  expect(added).toMatchObject([
    { ...body, record: { log: 'L', seq: 3 } },
    { ...body, record: { log: 'L', seq: 4 } },
  ]);
  expect(JSON.stringify([told, said, added])).not.toContain('secret');
  stop.abort();
});
