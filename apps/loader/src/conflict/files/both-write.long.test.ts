import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestServer } from '../../../../../libs/mysql/src/mysql.fixture.js';
import { policies, wellDone, writeBoth } from './both-write.fixture.js';
import type { BothWrite } from './both-write.fixture.js';

describe('two regions write rows with files, their loaders killed at each step, another seed each time', () => {
  let servers: BothWrite['servers'];
  beforeAll(async () => void (servers = [await TestServer.shared('8.0'), await TestServer.shared('9.7')]));
  afterAll(async () => void (await Promise.all(servers.map((server) => server.stop()))));

  test.each(policies.flatMap((rule) => (['immutable', 'hash'] as const).map((naming) => ({ rule, naming }))))('%o', async (of) => {
    const first = Date.now() % 1_000_000;
    for (let i = 0; i < 10; i++) expect(await writeBoth({ servers, ...of, seed: first + 10 * i })).toMatchObject(wellDone);
  });
});
