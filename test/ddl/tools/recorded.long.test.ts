/** The tools themselves, on MySQL 9.7: their binlog is what recorded/ has. LUTRA_BLESS=1 writes it there. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestServer } from '../../../libs/mysql/src/mysql.fixture.js';
import { realGhOst, realPtOsc } from './real.js';
import { readRecording, recordings, writeRecording } from './recorded.js';
import { record, wrongUnderWrites } from './recording.js';

const tools = { 'gh-ost': realGhOst, 'pt-osc': realPtOsc };
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.shared('9.7');
});
afterAll(() => server?.stop());

it.each(recordings)('$name, $variant', { timeout: 900_000 }, async (recording) => {
  const lines = await record(tools[recording.name], server.server, recording.variant);
  if (process.env['LUTRA_BLESS']) await writeRecording(recording, lines);
  expect(lines).toEqual(await readRecording(recording));
});

it.each(Object.values(tools))('$name loses no row of an application that goes on writing', async (tool) => {
  expect(await wrongUnderWrites(tool, server.server)).toEqual([]);
});
