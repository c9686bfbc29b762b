import { expect, test } from 'vitest';
import { sameCollation } from './collation.js';

const same = (a: string, b: string, sameFlavor = true): boolean => sameCollation(a, b, { sameFlavor });

test('the same but for the character set that holds all letters is the same', () => {
  expect(same('utf8_general_ci', 'utf8mb4_general_ci')).toBe(true);
  expect(same('utf8mb4_general_ci', 'utf8mb4_general_nopad_ci')).toBe(false);
  expect(same('latin1_general_ci', 'utf8mb4_general_ci')).toBe(false);
  expect(same('latin1_bin', 'latin2_bin')).toBe(false);
});

test("what MariaDB calls by a name of MySQL's is another one", () => {
  for (const name of ['utf8mb4_0900_ai_ci', 'utf8mb4_da_0900_as_cs', 'utf8mb4_0900_bin']) {
    expect(same(name, name)).toBe(true);
    expect(same(name, name, false)).toBe(false);
  }
  expect(same('utf8mb4_unicode_520_ci', 'utf8mb4_unicode_520_ci', false)).toBe(true);
});
