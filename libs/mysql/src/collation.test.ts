import { expect, test } from 'vitest';
import { sameCollation, tailoringOf } from './collation.js';

test('collations are known by their whole names; what a later server adds is not', () => {
  const known = [
    'utf8_general_ci',
    'utf8mb4_0900_ai_ci',
    'utf8mb4_da_0900_ai_ci',
    'utf8mb4_uca1400_nopad_as_cs',
    'latin1_swedish_nopad_ci',
    'ucs2_german2_ci',
  ];
  expect(known.filter((name) => tailoringOf(name) === null)).toEqual([]);
  const unknown = [
    'utf8mb4_1500_ai_ci',
    'utf8mb4_klingon_0900_ai_ci',
    'utf8mb4_uca1600_ai_ci',
    'utf8mb4_persian_ci',
    'macce_general_ci',
    'utf8mb4_unicode_900_ci',
    '',
  ];
  expect(unknown.filter((name) => tailoringOf(name) !== null)).toEqual([]);
});

test('binary ones tell all apart, older ones nothing beyond the basic plane', () => {
  expect(['latin1_bin', 'utf8mb4_0900_bin', 'utf8mb4_nopad_bin'].map((name) => tailoringOf(name)?.letters)).toEqual([
    'bytes',
    'bytes',
    'bytes',
  ]);
  expect(
    ['utf8mb4_general_ci', 'utf8mb4_unicode_ci', 'utf8mb4_spanish_ci', 'utf8mb4_es_0900_ai_ci'].map((name) => tailoringOf(name)?.letters),
  ).toEqual(['general', 'basic', 'basic', 'all']);
});

test('the same but for the character set that holds all letters is the same', () => {
  expect(sameCollation('utf8_general_ci', 'utf8mb4_general_ci')).toBe(true);
  expect(sameCollation('utf8mb4_general_ci', 'utf8mb4_general_nopad_ci')).toBe(false);
  expect(sameCollation('latin1_general_ci', 'utf8mb4_general_ci')).toBe(false);
  expect(sameCollation('latin1_bin', 'latin2_bin')).toBe(false);
});
