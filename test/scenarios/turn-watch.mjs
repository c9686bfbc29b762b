/**
 * Preloaded into an app (NODE_OPTIONS=--import): appends the CPU time, in ms, of each turn of its event loop that was long to a file by its
 * pid in the folder TURNS_FOLDER. CPU time of the main thread, because a test's machine does other things too; what is told may be a little
 * more, never less: the turns between two ticks count together.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

const tickMs = 2;
const toldMs = 20;

function cpuMs() {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

if (isMainThread && process.env.TURNS_FOLDER) {
  const file = join(process.env.TURNS_FOLDER, String(process.pid));
  let before = cpuMs();
  setInterval(() => {
    const now = cpuMs();
    if (now - before > toldMs) appendFileSync(file, `${(now - before).toFixed(1)}\n`);
    before = cpuMs();
  }, tickMs).unref();
}
