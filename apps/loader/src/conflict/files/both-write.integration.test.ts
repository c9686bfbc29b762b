import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestServer } from '../../../../../libs/mysql/src/mysql.fixture.js';
import { policies, wellDone, writeBoth } from './both-write.fixture.js';
import type { BothWrite } from './both-write.fixture.js';

describe('two regions write rows with files, their loaders killed at each step', () => {
  let servers: BothWrite['servers'];
  beforeAll(async () => void (servers = [await TestServer.shared('8.0'), await TestServer.shared('9.7')]));
  afterAll(async () => void (await Promise.all(servers.map((server) => server.stop()))));

  test.each(policies)('%o: rows and files end equal, and no row is seen without its file', async (rule) => {
    expect(await writeBoth({ servers, rule, naming: 'immutable', seed: 1 })).toMatchObject(wellDone);
  });

  test('the same where the path names the hash that the row carries', async () => {
    const rule = { policy: 'latest', version: 'v' } as const;
    expect(await writeBoth({ servers, rule, naming: 'hash', seed: 2 })).toMatchObject(wellDone);
  });
});
