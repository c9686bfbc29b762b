import type { Omission, Omissions } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { omissionsStatus, ownersOf } from './omissions.js';
import { storedChannel, uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';

const channel = storedChannel({
  name: 'ab',
  pipelines: [
    { name: 'there', source: 'a', target: 'b', routes: [{ schema: 'shop', table: 'orders*' }] },
    { name: 'back', source: 'b', target: 'a', routes: [{ schema: 'shop', table: 'orders*' }] },
  ],
});
const ddl = (n: number, ...tables: string[]): Omission => ({ n, kind: 'ddl', what: 'ALTER TABLE', tables, where: `seq ${n}`, at: n });
const owner = `pipeline@${uidOf('ab.there')}` as const;
const of = (last: readonly Omission[], more: Partial<Omissions> = {}): Omissions => ({
  total: last.at(-1)?.n ?? 0,
  log: 'L',
  seq: 9,
  last,
  confirmed: {},
  ...more,
});

describe('what a channel shows of what was not replicated', () => {
  it('is that of its sources, its pipelines and its own', () => {
    expect(ownersOf(channel)).toEqual([
      'endpoint@a',
      'endpoint@b',
      `pipeline@${uidOf('ab.there')}`,
      `pipeline@${uidOf('ab.back')}`,
      'channel@ab',
    ]);
    const skip: Omission = { n: 1, kind: 'skip', what: 'transaction', tables: [], where: 'seq 7', at: 8 };
    const force: Omission = { n: 1, kind: 'force', what: 'binlog-format', tables: [], where: 'start', at: 2 };
    const status = omissionsStatus(
      channel,
      new Map([
        [
          `pipeline@${uidOf('ab.back')}` as const,
          of([ddl(3, 'shop.orders'), ddl(4, 'shop.orders2')], { confirmed: { ab: { n: 2, by: 'me', reason: 'done', at: 1 } } }),
        ],
        [`pipeline@${uidOf('ab.there')}` as const, of([skip])],
        ['channel@ab', of([force])],
      ]),
    );
    expect(status.count).toBe(4);
    expect(status.items.map((item) => `${item.what} ${item.of}`)).toEqual([
      'binlog-format channel ab',
      'ALTER TABLE pipeline ab.back',
      'ALTER TABLE pipeline ab.back',
      'transaction pipeline ab.there',
    ]);
    expect(status.summary).toBe(
      '2 schema changes ignored, 1 transaction skipped, 1 start or change in spite of failed checks; last: transaction at seq 7 (pipeline ab.there)',
    );
    expect(status.confirmed).toEqual({ by: 'me', reason: 'done', at: 1 });
  });

  it('is not what it has confirmed, whatever another channel has', () => {
    const confirmed = (name: string, n: number): Omissions =>
      of([ddl(1, 'shop.orders'), ddl(2, 'shop.orders')], { confirmed: { [name]: { n, by: 'me', reason: 'r', at: 1 } } });
    expect(omissionsStatus(channel, new Map([[owner, confirmed('ab', 1)]])).count).toBe(1);
    expect(omissionsStatus(channel, new Map([[owner, confirmed('ab', 2)]]))).toMatchObject({ count: 0, summary: null });
    expect(omissionsStatus(channel, new Map([[owner, confirmed('cd', 2)]])).count).toBe(2);
  });

  it('counts those that are not kept one by one any more', () => {
    const last = Array.from({ length: 200 }, (_, index) => ddl(index + 101, 'shop.orders'));
    const status = omissionsStatus(channel, new Map([[owner, of(last)]]));
    expect([status.count, status.items.length]).toEqual([300, 20]);
    expect(status.summary).toMatch(/^200 schema changes ignored, 100 older; last/);
  });
});
