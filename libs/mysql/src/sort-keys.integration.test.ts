import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestServer, versions } from './mysql.fixture.js';
import { collationsOf, disagreement, fewTexts } from './sort-keys.fixture.js';
import { Collations } from './sort-keys.js';

/** One of each kind; sort-keys.long.test.ts has them all. */
const kinds =
  /^(?:utf8mb4_(?:bin|0900_bin|nopad_bin|general_ci|general_nopad_ci|unicode_ci|unicode_520_ci|persian_ci|sinhala_ci|spanish2_ci|danish_ci|0900_ai_ci|0900_as_cs|sv_0900_ai_ci|da_0900_as_cs|hu_0900_ai_ci|ja_0900_as_cs_ks|zh_0900_as_cs|thai_520_w2|uca1400_(?:nopad_)?(?:ai_ci|as_ci|ai_cs|as_cs)|uca1400_persian_ai_ci)|utf16_unicode_ci|utf16le_general_ci|utf32_bin|ucs2_hungarian_ci|latin1_(?:swedish|german2)_ci|latin2_(?:czech_cs|general_ci|hungarian_ci)|cp1250_(?:czech_cs|general_ci)|cp1251_(?:bulgarian|ukrainian)_ci|cp1256_general_ci|cp1257_lithuanian_ci|latin7_general_ci|geostd8_general_ci|macce_general_ci|macroman_general_ci|swe7_swedish_ci|gbk_chinese_ci|sjis_japanese_ci|ujis_japanese_ci|euckr_korean_ci|gb18030_unicode_520_ci)$/;

describe.each(versions)('sort keys of %s', (version) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.shared(version);
    await server.run('SET sql_log_bin = 0');
  });
  afterAll(() => server.stop());

  test('are one exactly where an index of the server takes two texts for one', { timeout: 60_000 }, async () => {
    const chosen = (await collationsOf(server)).filter(({ collation }) => kinds.test(collation));
    expect(chosen.length).toBeGreaterThan(35);
    const found = [];
    for (const collation of chosen) found.push(await disagreement(server, collation, fewTexts));
    expect(found.filter((each) => each !== null)).toEqual([]);
  });

  test('the server is asked once for a batch, and not again; of plain texts it is not asked', async () => {
    const asked: string[] = [];
    const collations = new Collations((sql) => {
      asked.push(sql);
      return server.query(sql);
    });
    const keys = collations.of({ charset: 'utf8mb4', collation: 'utf8mb4_general_ci' });
    expect(keys.known('plain')).toBeNull();
    const texts = ['Ähre', 'ahre', 'ÄHRE ', 'AHRE', 'Öl'];
    await keys.ask(texts);
    const before = asked.length;
    const said = await keys.ask([...texts, 'Übel', 'uBEL', 'ubel']);
    expect(asked.length - before).toBe(1);
    expect(new Set(texts.slice(0, 4).map((text) => said.get(text))).size).toBe(1);
    expect(new Set([keys.known('UBEL  '), said.get('Übel')]).size).toBe(1);
    await keys.ask(texts);
    expect(asked.length - before).toBe(1);
  });

  test('a long text is weighed to its end', async () => {
    const keys = new Collations((sql) => server.query(sql)).of({ charset: 'utf8mb4', collation: 'utf8mb4_unicode_ci' });
    const [a, b, c] = ['a', 'b', 'A'].map((end) => 'ä'.repeat(20_000) + end) as [string, string, string];
    const said = await keys.ask([a, b, c]);
    expect(said.get(a)).toBe(said.get(c));
    expect(said.get(a)).not.toBe(said.get(b));
  });
});
