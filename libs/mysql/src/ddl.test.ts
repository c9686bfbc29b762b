import { describe, expect, it } from 'vitest';
import { ddlFailure } from './ddl-failure.js';
import { sqlModeNames } from './ddl-session.js';
import { highestOf } from './ddl-store.js';
import { translateError } from './errors.js';

describe('the highest number of a UUID in a set of GTIDs', () => {
  const uuid = '4c757472-1111-2222-3333-444444444444';
  it.each([
    ['', 0],
    ['3e11fa47-71ca-11e1-9e33-c80aa9429562:1-9', 0],
    [`3e11fa47-71ca-11e1-9e33-c80aa9429562:1-9,\n${uuid.toUpperCase()}:1-3:5:7-8,\n${uuid.replace('1111', '1112')}:1-99`, 8],
    [`${uuid}:4`, 4],
    [`${uuid}:1-2:tag:1-3`, 3],
  ])('%s', (set, n) => expect(highestOf(set, uuid)).toBe(n));
});

it('names of modes by their bits; a bit that is not known is none', () => {
  expect(sqlModeNames('0')).toBe('');
  expect(sqlModeNames('1168113696')).toBe(
    'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
  );
  expect(sqlModeNames(String(2n ** 32n + 4n))).toBe('ANSI_QUOTES,TIME_TRUNCATE_FRACTIONAL');
  for (const bits of ['16', '1024', String(2n ** 36n)]) expect(sqlModeNames(bits)).toBeNull();
});

describe("a server's words", () => {
  const wordsOf = (errno: number, sqlMessage: string): string => {
    const thrown = Object.assign(new Error(sqlMessage), { code: 'ER_X', errno, sqlState: 'HY000', sqlMessage });
    return ddlFailure(thrown, translateError(thrown, 'schema change', 'target'), 1).words;
  };

  it('are told once where they name things', () => {
    expect(wordsOf(1060, "Duplicate column name 'a'")).toContain("Duplicate column name 'a'");
    expect(wordsOf(1054, "Unknown column 'a'").match(/Unknown column/g)).toHaveLength(1);
  });

  it.each([1062, 1292, 1366, 1411, 1525, 1526, 1586, 1761])('are not told where they have values of rows: %i', (errno) => {
    expect(wordsOf(errno, "something 'secret' here")).not.toContain('secret');
  });
});
