import { describe, expect, it } from 'vitest';
import { column, targetTable } from './changes.fixture.js';
import { checkSession } from './check-session.js';
import type { SessionCase } from './check-session.js';
import { computedElsewise } from './decided-session.js';
import type { ServerFacts } from './server-facts.js';

const plain = { timeZone: '+00:00', sqlMode: 0 };
const columns = [column('id'), column('at', { type: 'timestamp' }), column('c', { type: 'char' })];
const made = (expression: string, what: 'column' | 'index' | 'check' | 'default' = 'column') =>
  targetTable(columns, { computed: [{ what, name: 'm', expression }] });

describe('what is computed in our own session otherwise than in the one of the source', () => {
  it('is what depends on its time zone, or may depend on a mode that ours has not', () => {
    const day = made('AS (cast(`at` as date)) STORED');
    expect(computedElsewise(day, plain)).toBeNull();
    expect(computedElsewise(day, { ...plain, timeZone: '+08:00' })).toBe('shop.t (column m) depends on time_zone, which is +08:00');
    const length = made('(char_length(`c`))', 'index');
    expect(computedElsewise(length, { ...plain, timeZone: '+08:00' })).toBeNull();
    expect(computedElsewise(length, { ...plain, sqlMode: 2 ** 31 + 2 ** 21 })).toMatch(/index m.*PAD_CHAR_TO_FULL_LENGTH/);
    // strict, no zero dates, ANSI_QUOTES: of these none gives another value without an error
    expect(computedElsewise(length, { ...plain, sqlMode: 2 ** 21 + 2 ** 23 + 2 ** 24 + 4 })).toBeNull();
  });

  it('is nothing where a check refuses, or a default is written', () => {
    for (const what of ['check', 'default'] as const)
      expect(computedElsewise(made('(`at` > 0)', what), { timeZone: '+08:00', sqlMode: 2 ** 31 })).toBeNull();
  });

  it('is refused by the check where the server has such a mode, and conflicts are decided or copies forwarded', async () => {
    const server = (mode: string): ServerFacts => ({
      flavor: 'mysql',
      version: '9.7.4',
      number: 90_704,
      variables: new Map([['sql_mode', mode]]),
      account: '',
      grants: null as never,
    });
    const to = made('AS (char_length(`c`)) STORED');
    const check = async (mode: string, more: Partial<SessionCase>): Promise<readonly string[]> => {
      const at = { source: server(mode), target: server(''), from: to, to, decided: false, forwards: false, ...more };
      return (await checkSession({ query: async () => [] }, at)).map(({ id, fix }) => `${id}: ${fix}`);
    };
    const pads = 'STRICT_TRANS_TABLES,PAD_CHAR_TO_FULL_LENGTH';
    expect(await check(pads, {})).toEqual([]);
    expect(await check('STRICT_TRANS_TABLES,NO_ZERO_DATE', { decided: true })).toEqual([]);
    const fixed = expect.stringMatching(/^session-conflicts: SET PERSIST sql_mode = 'STRICT_TRANS_TABLES'; or/);
    expect(await check(pads, { decided: true })).toEqual([fixed]);
    expect(await check(pads, { forwards: true })).toEqual([expect.stringMatching(/^session-forwarded/)]);
  });
});
