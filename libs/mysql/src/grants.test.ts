import { describe, expect, test } from 'vitest';
import { Grants } from './grants.js';

const table = { database: 'shop_x', name: 't' };
const has = (lines: readonly string[], options = {}): boolean => new Grants(lines, options).has('TRIGGER', table);

describe('what was granted', () => {
  test.each<[string, boolean, readonly string[]]>([
    ['everywhere', true, ['GRANT SELECT, TRIGGER ON *.* TO `u`@`%`']],
    ['all privileges', true, ['GRANT ALL PRIVILEGES ON `shop_x`.* TO `u`@`%` WITH GRANT OPTION']],
    ['on the table', true, ['GRANT USAGE ON *.* TO `u`@`%`', 'GRANT TRIGGER ON `shop_x`.`t` TO `u`@`%`']],
    ['on another table', false, ['GRANT TRIGGER ON `shop_x`.`o` TO `u`@`%`']],
    ['by a pattern', true, ['GRANT SELECT, TRIGGER ON `shop\\_%`.* TO `u`@`%`']],
    ['by a pattern that does not match', false, ['GRANT TRIGGER ON `shop\\_y%`.* TO `u`@`%`']],
    [
      'by a pattern behind a name, which counts alone',
      false,
      ['GRANT TRIGGER ON `shop%`.* TO `u`@`%`', 'GRANT SELECT ON `shop\\_x`.* TO `u`@`%`'],
    ],
    ['everywhere but there', false, ['GRANT SELECT, TRIGGER ON *.* TO `u`@`%`', 'REVOKE TRIGGER ON `shop_x`.* FROM `u`@`%`']],
    ['to a role that is active (MariaDB)', true, ['GRANT SELECT ON `shop_x`.* TO `u`@`%`', 'GRANT TRIGGER ON `shop_x`.* TO `r`']],
    ['a role that is not active', false, ['GRANT `r`@`%` TO `u`@`%`']],
  ])('%s', (_, expected, lines) => expect(has(lines)).toBe(expected));

  test('a right on columns is none on the table', () => {
    const grants = new Grants(['GRANT SELECT (`a`, `b`), INSERT ON `shop_x`.`t` TO `u`@`%`']);
    expect([grants.has('SELECT', table), grants.has('INSERT', table)]).toEqual([false, true]);
  });

  test('dynamic rights stand in a list without spaces', () => {
    const grants = new Grants(['GRANT SELECT ON *.* TO `u`@`%`', 'GRANT CONNECTION_ADMIN,XA_RECOVER_ADMIN ON *.* TO `u`@`%`']);
    expect(['CONNECTION_ADMIN', 'XA_RECOVER_ADMIN', 'SUPER'].map((right) => grants.hasGlobal(right))).toEqual([true, true, false]);
  });

  test('with partial_revokes a name is no pattern; with lower_case_table_names case does not count', () => {
    expect(has(['GRANT TRIGGER ON `shop%`.* TO `u`@`%`'], { literal: true })).toBe(false);
    expect(has(['GRANT TRIGGER ON `SHOP_X`.`T` TO `u`@`%`'], { foldsCase: true })).toBe(true);
  });

  test('what covers all tables of a route', () => {
    const grants = new Grants(['GRANT SELECT ON `shop\\_%`.* TO `u`@`%`', 'GRANT SELECT ON `one`.`t` TO `u`@`%`']);
    expect(['shop_*', 'shop_x', 'one', 'shop*', '*'].map((name) => grants.covers('SELECT', name))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(['shop_*', 'a`b', '*'].map((name) => grants.objectOf(name))).toEqual(['`shop\\_%`.*', '`a``b`.*', '*.*']);
  });
});
