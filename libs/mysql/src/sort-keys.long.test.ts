import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestServer, versions } from './fixture.js';
import { collationsOf, disagreement, manyTexts } from './sort-keys.fixture.js';

/** Minutes of them say the same as utf8mb4's. */
const repeated = /^(?:ucs2|utf16|utf32|utf8mb3)_uca1400_/;

describe.each(versions)('sort keys of %s', (version) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start(version);
    await server.run('SET sql_log_bin = 0');
  });
  afterAll(() => server.stop());

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
