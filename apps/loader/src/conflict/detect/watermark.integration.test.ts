import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestServer } from '../../../../../libs/mysql/src/mysql.fixture.js';
import { Watermark } from './watermark.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.shared('9.7');
});
afterAll(async () => {
  await server.stop();
});

test('who commits and who reads on may ask at once, and one that fails does not bar the others', async () => {
  const watermark = new Watermark(server.options, { pipeline: 'c.p', epoch: 7 });
  const answers = await Promise.allSettled([
    watermark.write(),
    watermark.query('SELECT 1 AS n'),
    watermark.query('no SQL'),
    watermark.write(),
  ]);
  expect(answers).toMatchObject([
    { status: 'fulfilled', value: expect.stringMatching(/^7-[a-z2-7]{12}-1$/) },
    { status: 'fulfilled', value: [{ n: '1' }] },
    { status: 'rejected' },
    { status: 'fulfilled', value: expect.stringMatching(/^7-[a-z2-7]{12}-2$/) },
  ]);
  await watermark.close();
});

test('whoever asks after the end opens no connection', async () => {
  const watermark = new Watermark(server.options, { pipeline: 'c.p', epoch: 8 });
  const opening = watermark.query('SELECT 1 AS n');
  await watermark.close();
  await expect(opening).rejects.toMatchObject({ code: 'ABORTED' });
  await expect(watermark.query('SELECT 1 AS n')).rejects.toMatchObject({ code: 'ABORTED' });
});

test('an index that is built anew under the same epoch waits for watermarks of its own: the log has those of the one before', async () => {
  const tokens: string[] = [];
  for (let n = 0; n < 2; n += 1) {
    const watermark = new Watermark(server.options, { pipeline: 'c.p', epoch: 9 });
    tokens.push(await watermark.write());
    await watermark.close();
  }
  expect(tokens[0]).not.toBe(tokens[1]);
});
