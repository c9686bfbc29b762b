/** Starting, with a Node process in the role of the server. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Launch, launchOnFreePorts } from './launch.js';
import { Watchdog } from './watchdog.js';

let watchdog: Watchdog;
beforeEach(async () => {
  watchdog = new Watchdog(await mkdtemp(join(tmpdir(), 'lutra-launch-')));
});
afterEach(() => watchdog.close());

const listen = "require('net').createServer().listen(process.argv[1], '127.0.0.1')";

/** Runs one script after the other, the last one again and again. */
function launch(scripts: string[], tried: number[]): Launch {
  const command = async (_: string, [port = 0]: readonly number[]): Promise<{ command: string; args: string[] }> => {
    tried.push(port);
    return { command: process.execPath, args: ['-e', (scripts.length > 1 ? scripts.shift() : scripts[0]) ?? '', String(port)] };
  };
  return { watchdog, recipe: { name: 'fake', ports: 1, fill: async () => undefined, command, answers: async () => true } };
}

test('a server that loses its port to another process gets another port', async () => {
  const tried: number[] = [];
  const taken = "console.error('bind: Address already in use'); process.exit(1)";
  const ports = await launchOnFreePorts(launch([taken, listen], tried));
  expect(tried).toHaveLength(2);
  expect(ports).toEqual([tried[1]]);
  expect(watchdog.pid).toBeDefined();
});

test('any other failure is told at once, with the log of this start', async () => {
  const tried: number[] = [];
  const start = launchOnFreePorts(launch(["console.error('no such option'); process.exit(7)"], tried));
  await expect(start).rejects.toThrow(/fake ended while starting \(exit code 7\)[^]*no such option/);
  expect(tried).toHaveLength(1);
  expect(watchdog.pid).toBeUndefined();
});
