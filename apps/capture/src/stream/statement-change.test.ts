import { describe, expect, it } from 'vitest';
import { createRouter } from '@lutra/model';
import type { TableName } from '@lutra/model';
import { requireUnrouted } from './statement-change.js';

const router = createRouter([{ schema: 'shop', table: 'o*' }]);

function judge(tables: readonly TableName[] | null, foldsNames = false): unknown {
  const at = { file: 'binlog.000002', pos: 120 };
  try {
    return requireUnrouted({ kind: 'statement', keyword: 'REPLACE', tables, gtid: 'u:7', at }, { router, foldsNames });
  } catch (error) {
    return error;
  }
}

const whole = (database: string): TableName => ({ database, name: '*' });

describe('a change that is told as a statement', () => {
  it('passes where it touched no database with a routed table', () => {
    expect(judge([whole('percona'), whole('mysql')])).toBeUndefined();
    expect(judge([{ database: 'shop', name: 'session' }])).toBeUndefined();
    expect(judge([])).toBeUndefined();
  });

  it.each([
    [[whole('percona'), whole('shop')], /REPLACE: .* it may have changed shop\.\* \(binlog\.000002:120, in u:7\)$/],
    [[{ database: 'shop', name: 'orders' }], /it may have changed shop\.orders/],
    // a marker that capture does not see would send copies round
    [[whole('lutra')], /it may have changed lutra\.\*/],
    [[whole('retl')], /it may have changed retl\.\*/],
    [null, /the server does not say which tables it touched/],
  ] as const)('stops where it may have: %j', (tables, message) => {
    const details = { statement: 'REPLACE', gtid: 'u:7', file: 'binlog.000002', pos: 120 };
    expect(judge(tables)).toMatchObject({ code: 'BINLOG_UNSUPPORTED', message: expect.stringMatching(message), details });
  });

  it('is judged by names without case where the server keeps none', () => {
    expect(judge([whole('SHOP')], true)).toMatchObject({ code: 'BINLOG_UNSUPPORTED' });
    expect(judge([whole('SHOP')])).toBeUndefined();
  });
});
