import { createRouter } from '@lutra/model';
import type { DdlRole, DdlSettings } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { storedChannel } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import { toRecent } from './ddl-queries.js';
import { ddlRecord } from './ddl-record.fixture.js';
import { concerns } from './concerns.js';
import { ddlRuleProblems, ddlUse, effectiveDdl, shownDdl } from './ddl.rules.js';

type Part = Partial<Parameters<typeof storedChannel>[0]>;

function channel(ddl: DdlSettings | undefined, bothWays: boolean, more: Part = {}) {
  const routes = [{ schema: 'shop' }];
  const there = { name: 'there', source: 'a', target: 'b', routes, ddl };
  const back = { name: 'back', source: 'b', target: 'a', routes };
  return storedChannel({ name: 'ab', pipelines: [there, ...(bothWays ? [back] : [])], ...more });
}

describe('the settings of a pipeline', () => {
  const told = (ddl: DdlSettings | undefined, bothWays = true, more: Part = {}) =>
    ddlRuleProblems(channel(ddl, bothWays, more)).map(({ id }) => id);
  const home = { conflicts: { home: 'region-a' } };

  it('can be apply both ways where a region is at home of each table; a TRUNCATE there never', () => {
    expect(told(undefined)).toEqual([]);
    expect(told({ default: 'ignore', drop: 'stop', truncate: 'ignore', maxSeconds: 5 })).toEqual([]);
    for (const ddl of [{ default: 'apply' }, { drop: 'apply' }, { default: 'apply', drop: 'apply' }] as const)
      expect([told(ddl), told(ddl, true, home), told(ddl, false)]).toEqual([['ddl-home-missing'], [], []]);
    const schemaHomes = [{ schema: 'shop', table: '*', region: 'region-b' }];
    expect(told({ default: 'apply' }, true, { schemaHomes })).toEqual([]);
    expect(told({ default: 'apply' }, true, { schemaHomes: [{ ...schemaHomes[0]!, table: 'orders' }] })).toEqual(['ddl-home-missing']);
    expect(told({ default: 'apply', truncate: 'apply' }, true, home)).toEqual(['ddl-truncate-both-ways']);
    expect(ddlRuleProblems(channel({ truncate: 'apply' }, true))).toMatchObject([
      { severity: 'error', what: expect.stringMatching(/^pipeline ab\.there: ddl\.truncate is apply: TRUNCATE/), flows: ['ab.there'] },
    ]);
    expect(told({ default: 'apply', drop: 'apply', truncate: 'apply' }, false)).toEqual([]);
  });

  it('cannot be apply where rows of a third endpoint come past the source, or where what comes back takes another way', () => {
    const way = (source: string, target: string) => ({ name: `${source}${target}`, source, target, routes: [{ schema: 'shop' }] });
    const of = (...ways: readonly string[]) => ({
      ...home,
      pipelines: ways.map((one) => ({ ...way(one[0]!, one[1]!), ddl: { drop: 'apply' } })),
    });
    const ids = (...ways: readonly string[]) =>
      ddlRuleProblems(channel(undefined, true, of(...ways))).map(({ id, flows }) => `${id} ${flows.join()}`);
    expect(ids('ab', 'ba', 'ca', 'cb')).toEqual(['ddl-mesh ab.ab', 'ddl-mesh ab.ba']);
    expect(ids('ab', 'ba', 'bc', 'cb')).toEqual([]);
    const ring = [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'a'],
      ['c', 'd'],
    ].map(([source, target]) => ({ name: `to-${target}`, source, target, routes: [{ schema: 'shop' }], ddl: { default: 'apply' } }));
    expect(ddlRuleProblems(storedChannel({ name: 'ring', pipelines: ring, ...home })).map(({ flows }) => flows[0])).toEqual([
      'ring.to-b',
      'ring.to-c',
      'ring.to-a',
    ]);
  });

  it('ask the target for GTIDs where what is applied there could go back', () => {
    expect(ddlUse({ default: 'apply' }, true)).toEqual({ applies: true, asked: true, bothWays: true });
    expect(ddlUse({ truncate: 'apply' }, true)).toMatchObject({ applies: false });
    expect([ddlUse(undefined, true), ddlUse(undefined, false), ddlUse({ default: 'ignore' }, true)]).toMatchObject([
      { applies: false, asked: false },
      { applies: true, bothWays: false },
      null,
    ]);
  });

  it('are apply one way and stop both ways, unless they are told; what has none of its own goes by the default', () => {
    expect(effectiveDdl(undefined, false)).toEqual({ default: 'apply', drop: 'apply', truncate: 'apply', maxSeconds: null });
    expect(effectiveDdl(undefined, true)).toEqual({ default: 'stop', drop: 'stop', truncate: 'stop', maxSeconds: null });
    expect(effectiveDdl({ default: 'apply' }, true)).toEqual({ default: 'apply', drop: 'apply', truncate: 'stop', maxSeconds: null });
    expect(effectiveDdl({ default: 'ignore', truncate: 'stop', maxSeconds: 7 }, false)).toEqual({
      default: 'ignore',
      drop: 'ignore',
      truncate: 'stop',
      maxSeconds: 7,
    });
    expect(shownDdl({ drop: 'stop' }, false)).toEqual({ default: 'apply', drop: 'stop' });
  });
});

describe('a schema change', () => {
  const router = createRouter([{ schema: 'shop', table: 't*', exclude: ['t9'] }]);
  const of = (name: string, role: DdlRole, doubt: string | null = null) =>
    concerns(ddlRecord({ tables: [{ database: 'shop', name, role, offset: 0, length: 0 }], doubt }), router);

  it('concerns a pipeline by what it changes, and each one where nobody knows what that is', () => {
    expect([of('t1', 'subject'), of('t1', 'from'), of('t1', 'to'), of('t1', 'with'), of('t1', 'mentioned', '?')]).toEqual(
      Array(5).fill(true),
    );
    expect([of('t1', 'like'), of('t1', 'references'), of('t1', 'union'), of('t9', 'subject'), of('u', 'subject')]).toEqual(
      Array(5).fill(false),
    );
    expect([of('*', 'database'), of('t1', 'like', '?')]).toEqual([true, true]);
    expect(concerns(ddlRecord({ tables: [{ database: 'crm', name: '*', role: 'database', offset: 0, length: 0 }] }), router)).toBe(false);
    expect(concerns(ddlRecord({ tables: [], doubt: 'sql_mode=ORACLE' }), router)).toBe(true);
  });
});

it('a row of lutra.ddl whose JSON somebody has spoilt is shown without it', () => {
  const row = {
    record: 'x:1',
    part: 0,
    log_id: 'L',
    seq: '7',
    state: 'done',
    statement: 'ALTER TABLE',
    here: 'ALTER …',
    begun_at: '2026-01-02 03:04:05.000006',
  };
  expect(toRecent({ ...row, tables: '[["shop","t"]]', ended_at: null, answer: '{"answer":"done","by":"ada","reason":"r"}' })).toEqual({
    record: 'x:1',
    part: 0,
    log: 'L',
    seq: 7,
    state: 'done',
    statement: 'ALTER TABLE',
    here: 'ALTER …',
    tables: ['shop.t'],
    begunAt: '2026-01-02T03:04:05.000006Z',
    endedAt: null,
    answer: { answer: 'done', by: 'ada', reason: 'r' },
  });
  expect(toRecent({ ...row, tables: 'x', ended_at: '2026-01-02 03:04:06.000000', answer: '7' })).toMatchObject({
    tables: [],
    endedAt: '2026-01-02T03:04:06.000000Z',
    answer: null,
  });
});
