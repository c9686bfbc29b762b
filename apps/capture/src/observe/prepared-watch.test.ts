import { expect, it } from 'vitest';
import type { PreparedTransaction } from '@lutra/binlog';
import type { OperationalEvent, WorkStatus } from '@lutra/model';
import { longMs, PreparedWatch } from './prepared-watch.js';

const prepared = (id: string, sinceMs: number): PreparedTransaction => ({
  xid: `X'${id}',X'',1`,
  gtid: `u:${sinceMs}`,
  file: 'binlog.000007',
  pos: sinceMs,
  sinceMs,
});

it('an XA transaction that is prepared for long is told once, and the oldest stands in the status', () => {
  const events: OperationalEvent[] = [];
  let status: Partial<WorkStatus> = {};
  const watch = new PreparedWatch({
    endpoint: { name: 'a', region: 'r' },
    tell: (event) => void events.push(event),
    status: { update: (change) => void (status = { ...status, ...change }) },
    logger: { warn: () => undefined },
  });
  const [one, two] = [prepared('61', 100), prepared('62', 5_000)];
  watch.changed([one, two]);
  expect(status.prepared).toEqual({ count: 2, xid: one.xid, file: 'binlog.000007', pos: 100, sinceMs: 100 });
  watch.look(longMs + 99);
  expect(events).toEqual([]);
  watch.look(longMs + 100);
  watch.look(longMs + 200);
  const position = { file: 'binlog.000007', pos: 100 };
  expect(events).toMatchObject([{ type: 'xa-prepared', endpoint: 'a', region: 'r', xid: one.xid, gtid: 'u:100', position, sinceMs: 100 }]);
  watch.changed([two]);
  expect(status.prepared).toMatchObject({ count: 1, xid: two.xid });
  watch.look(longMs + 5_000);
  expect(events).toHaveLength(2);
  watch.changed([]);
  expect(status.prepared).toBeNull();
});
