/** What is played is what the tools do, on MySQL 9.7 and 8.0; and each table that they make is known as theirs by its name. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shadowName } from '@lutra/model';
import { TestServer } from '../../../libs/mysql/src/mysql.fixture.js';
import { playedGhOst, playedPtOsc } from './play.js';
import { readRecording, recordings } from './recorded.js';
import { record, wrongUnderWrites } from './recording.js';

const tools = { 'gh-ost': playedGhOst, 'pt-osc': playedPtOsc };

describe.each(['9.7', '8.0'] as const)('on MySQL %s', (version) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.shared(version);
  });
  afterAll(() => server?.stop());

  it.each(recordings)('$name, $variant: the played change leaves what the tool leaves', async (recording) => {
    expect(await record(tools[recording.name], server.server, recording.variant)).toEqual(await readRecording(recording));
  });

  it.each(Object.values(tools))('$name loses no row of an application that goes on writing', async (tool) => {
    expect(await wrongUnderWrites(tool, server.server)).toEqual([]);
  });
});

it.each(recordings)('$name, $variant: each table but the changed one is a shadow of it', async (recording) => {
  const text = (await readRecording(recording)).join('\n');
  const made = new Set(Array.from(text.matchAll(/`(_\w+)`/g), ([, name = '']) => name));
  expect(made.size).toBeGreaterThan(0);
  for (const name of made) expect([name, shadowName(name)?.of]).toEqual([name, 't']);
});
