import { afterAll, beforeAll, describe, test } from 'vitest';
import { TestServer } from '../../../../../libs/mysql/src/mysql.fixture.js';
import { policies, writeBoth } from './both-write.fixture.js';
import type { BothWrite } from './both-write.fixture.js';

describe('two regions write rows with files, their loaders killed at each step', () => {
  let servers: BothWrite['servers'];
  beforeAll(async () => void (servers = [await TestServer.shared('8.0'), await TestServer.shared('9.7')]));
  afterAll(async () => void (await Promise.all(servers.map((server) => server.stop()))));

  test.each(policies)('%o: rows and files end equal, and no row is seen without its file', async (rule) => {
    await writeBoth({ servers, rule, naming: 'immutable', seed: 1 });
  });

  test('the same where the path names the hash that the row carries', async () => {
    await writeBoth({ servers, rule: { policy: 'latest', version: 'v' }, naming: 'hash', seed: 2 });
  });
});
