/** Which tables come into a pipeline with a past, and which leave it, by the names in a statement. */
import { createRouter } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { ddlRecord } from './ddl-record.fixture.js';
import type { Place } from './ddl-record.fixture.js';
import { enteringOf } from './entering.js';
import { mapStatement } from './map-statement.js';

const routes = [{ schema: 'shop', table: '*', exclude: ['tmp*'], to: { schema: 'store' } }];
const router = createRouter(routes);

/** `enters / leaves / moves`; null: nothing enters or leaves. */
function told(sql: string, places: readonly Place[], doubt: string | null = null): string | null {
  const entering = enteringOf(ddlRecord(sql, places, { doubt }), router);
  if (!entering) return null;
  const { enters, leaves, moves } = entering;
  const names = (tables: typeof enters) => tables.map(({ source, target }) => `${source.name}>${target.database}.${target.name}`).join();
  return [names(enters), names(leaves), moves?.map(({ from, to }) => `${from.name}-${to.name}`).join() ?? 'circle'].join(' / ');
}

const rename = (...pairs: readonly (readonly [string, string])[]): string | null =>
  told(
    `RENAME TABLE ${pairs.map(([from, to]) => `${from} TO ${to}`).join(', ')}`,
    pairs.flatMap(([from, to]): Place[] => [
      ['from', from],
      ['to', to],
    ]),
  );

describe('RENAME TABLE', () => {
  it('of one that is not carried brings a table in; of one that is carried to a name that is not takes it out', () => {
    expect(rename(['tmp1', 't'])).toBe('t>store.t /  / ');
    expect(rename(['stage.x', 't'])).toBe('t>store.t /  / ');
    expect(rename(['t', 'tmp1'])).toBe(' / t>store.t / ');
    expect(rename(['t', 'u'])).toBeNull();
    expect(rename(['stage.x', 'stage.y'])).toBeNull();
  });

  it('of several: what is under each name behind it counts', () => {
    expect(rename(['t', 'tmp_old'], ['tmp_new', 't'])).toBe('t>store.t / t>store.t / ');
    expect(rename(['t', 't_old'], ['tmp_new', 't'])).toBe('t>store.t /  / t-t_old');
    expect(rename(['a', 'tmp'], ['b', 'a'], ['tmp', 'b'])).toBeNull();
    expect(rename(['a', 'tmp'], ['b', 'a'], ['tmp', 'b'], ['tmp9', 'c'])).toBe('c>store.c /  / circle');
    expect(rename(['tmp1', 't'], ['t', 'u'])).toBe('u>store.u /  / ');
    expect(rename(['u', 'w'], ['t', 'u'], ['tmp1', 't'])).toBe('t>store.t /  / u-w,t-u');
  });

  it('to the name of a table that was put aside is carried on as it is', () => {
    const record = ddlRecord(
      'ALTER TABLE t DROP FOREIGN KEY f, RENAME TO `lutra_aside_t_7`',
      [
        ['subject', 't'],
        ['to', '`lutra_aside_t_7`'],
      ],
      {},
    );
    expect(enteringOf(record, router)).toBeNull();
    expect(mapStatement(record, { router, routes })).toEqual({
      sql: 'ALTER TABLE `store`.`t` DROP FOREIGN KEY f, RENAME TO `store`.`lutra_aside_t_7`',
      tables: [
        { database: 'store', name: 't' },
        { database: 'store', name: 'lutra_aside_t_7' },
      ],
    });
    expect(rename(['lutra_aside_t_7', 't'])).toBe('t>store.t /  / ');
  });
});

it('ALTER TABLE … RENAME is one of them, whatever else it does', () => {
  const alter = (from: string, to: string) =>
    told(`ALTER TABLE ${from} ADD c INT, RENAME TO ${to}`, [
      ['subject', from],
      ['to', to],
    ]);
  expect([alter('tmp1', 't'), alter('t', 'tmp1'), alter('t', 'u')]).toEqual(['t>store.t /  / ', ' / t>store.t / ', null]);
});

it('a partition that is exchanged with a table that is not carried, on either side, and rows that come out of a file', () => {
  const exchange = (table: string, other: string) =>
    told(`ALTER TABLE ${table} EXCHANGE PARTITION p WITH TABLE ${other}`, [
      ['subject', table],
      ['with', other],
    ]);
  expect([exchange('t', 'tmp1'), exchange('tmp1', 't'), exchange('t', 'u')]).toEqual(['t>store.t /  / ', 't>store.t /  / ', null]);
  expect(told('ALTER TABLE t IMPORT TABLESPACE', [['subject', 't']], 'files')).toBe('t>store.t /  / ');
  expect(told('ALTER TABLE t DISCARD TABLESPACE', [['subject', 't']], 'files')).toBeNull();
  expect(told('ALTER TABLE tmp1 IMPORT TABLESPACE', [['subject', 'tmp1']], 'files')).toBeNull();
});
