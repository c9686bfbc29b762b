import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestServer } from '../../../../libs/mysql/src/fixture.js';
import { tailoringOf } from '@lutra/mysql';
import { foldText } from './folded-text.js';

const collations = [
  'utf8mb4_0900_ai_ci',
  'utf8mb4_0900_as_ci',
  'utf8mb4_0900_as_cs',
  'utf8mb4_general_ci',
  'utf8mb4_unicode_ci',
  'utf8mb4_unicode_520_ci',
];

/** Alone they are no text. */
const mark = /^\p{M}|^\u037a/u;

describe('characters that a collation takes for one, of the whole basic plane', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.shared('9.7');
    await server.run('SET cte_max_recursion_depth = 70000');
  });
  afterAll(async () => {
    await server.stop();
  });

  /** By their weight. */
  async function weighed(collation: string): Promise<readonly (readonly string[])[]> {
    const letter = "CONVERT(CONVERT(UNHEX(LPAD(HEX(n), 4, '0')) USING utf16) USING utf8mb4)";
    const all = 'SELECT 33 UNION ALL SELECT n + 1 FROM c WHERE n < 65535';
    const rows = await server.query(
      `WITH RECURSIVE c (n) AS (${all}) SELECT ${letter} AS letter, HEX(WEIGHT_STRING(${letter} COLLATE ${collation})) AS weight
       FROM c WHERE n NOT BETWEEN 0xd800 AND 0xf8ff`,
    );
    return [...Map.groupBy(rows, ({ weight }) => String(weight)).values()].map((same) => same.map(({ letter }) => String(letter)));
  }

  test.each(collations)('%s: give one text', async (collation) => {
    const groups = await weighed(collation);
    expect(groups.length).toBeGreaterThan(50_000);
    const fold = (letter: string): string => foldText(letter, tailoringOf(collation) ?? undefined);
    const apart = groups.map((group) => new Set(group.filter((letter) => !mark.test(letter)).map(fold))).filter(({ size }) => size > 1);
    expect(apart.map((texts) => [...texts].join(' '))).toEqual([]);
  });

  test('and texts of several of them too; what is not alike to any stays apart', () => {
    const alike = [
      ['Straße', 'STRASSE', 'strase'],
      ['ΣΊΣΥΦΟΣ', 'Σίσυφος'],
      ['Ґанок', 'ганок'],
      ['トウキョウ', 'とうきょう'],
      ['٤٢', '42', '４２'],
      ['😀', '😁'],
    ];
    expect(alike.filter((texts) => new Set(texts.map((text) => foldText(text))).size > 1)).toEqual([]);
    const different = ['42', '43', 'guy', 'gut', '北京', '上海', 'とうきょう', 'きょうと', 'user-1', 'user-2'];
    expect(new Set(different.map((text) => foldText(text))).size).toBe(different.length);
  });
});
