import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestServer, versions } from './mysql.fixture.js';
import { textCodec } from '@lutra/model';
import { PlainAlphabet } from './plain-alphabet.js';
import { collationsOf, disagreement, manyTexts } from './sort-keys.fixture.js';
import type { CollationName } from './sort-keys.fixture.js';

const letters = Array.from('abcdefghijklmnopqrstuvwxyz');
/** Minutes of them say the same as utf8mb4's. */
const repeated = /^(?:ucs2|utf16|utf32|utf8mb3)_uca1400_/;

describe.each(versions)('sort keys of %s', (version) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start(version);
    await server.run('SET sql_log_bin = 0');
  });
  afterAll(() => server.stop());

  async function weigh({ charset, collation }: CollationName, texts: readonly string[]): Promise<readonly string[]> {
    const found: string[] = [];
    for (const text of texts) {
      const hex = textCodec(charset)?.encode(text)?.toString('hex');
      const [row] = await server.query(`SELECT WEIGHT_STRING(CONVERT(x'${hex}' USING ${charset}) COLLATE ${collation}) AS weights`);
      found.push(Buffer.from(row?.['weights'] as Buffer).toString('latin1'));
    }
    return found;
  }

  test('a plain alphabet, which is known by pairs, holds for all threes of letters', { timeout: 3_600_000 }, async () => {
    const threes = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => a + b + c)));
    const text = [
      ...threes,
      ...threes.map((three) => three.toUpperCase()),
      ...threes.map((three) => three[0]?.toUpperCase() + three.slice(1)),
    ];
    const found: string[] = [];
    for (const of of await collationsOf(server)) {
      // Letters of swe7 are in the places of [ and ].
      if (of.collation.endsWith('_bin') || of.charset === 'swe7' || repeated.test(of.collation)) continue;
      const alphabet = await PlainAlphabet.learn((texts) => weigh(of, texts));
      const [expected] = await weigh(of, [text.join('')]);
      if (alphabet && alphabet.weightsOf(text.join('')) !== expected) found.push(of.collation);
    }
    expect(found).toEqual([]);
  });

  test('of all its collations are what an index says', { timeout: 3_600_000 }, async () => {
    const texts = manyTexts();
    const all = (await collationsOf(server)).filter(({ collation }) => !repeated.test(collation));
    expect(all.length).toBeGreaterThan(260);
    const found: unknown[] = [];
    for (const collation of all) {
      const apart = await disagreement(server, collation, texts);
      if (apart) found.push({ ...apart, missed: apart.missed.slice(0, 3), wide: apart.wide.slice(0, 3) });
    }
    expect(found).toEqual([]);
  });
});
