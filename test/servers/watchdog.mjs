/**
 * Stands between a test and its servers so that nothing outlives the test. Its stdin is a pipe from the test's process: when that
 * process ends, however it ends, the pipe closes; the watchdog then SIGKILLs the servers, removes their folders and ends. One for all
 * servers of a process: a process of its own for each costs as much as the start of ZooKeeper.
 * Runs on Node 20, with nothing but built-ins. usage: node watchdog.mjs
 *
 * stdin, a line each:  {"id", "folder"}                             a server of this id lives in this folder
 *                      {"id", "command", "args", "env", "log"}      start it
 *                      {"id", "close": true}                        kill it, remove its folder
 * stdout, a line each: {"id", "started": pid} | {"id", "failed": code} | {"id", "ended": pid, "how": "…"} | {"id", "closed": true}
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** By id: the folder, the process if it runs, whether it is to go. */
const servers = new Map();
let ending = false;

function tell(event) {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function start({ id, command, args, env, log }) {
  const server = servers.get(id);
  if (!server || server.closing) return;
  const output = openSync(log, 'a');
  const child = spawn(command, args, { cwd: server.folder, env: { ...process.env, ...env }, stdio: ['ignore', output, output] });
  closeSync(output);
  server.child = child;
  child.on('spawn', () => tell({ id, started: child.pid }));
  child.on('error', (error) => {
    if (child.pid !== undefined) return;
    gone(id, server, { failed: error.code ?? error.message });
  });
  child.on('exit', (code, signal) => gone(id, server, { ended: child.pid, how: signal ?? `exit code ${code}` }));
}

function gone(id, server, event) {
  server.child = undefined;
  tell({ id, ...event });
  if (server.closing) remove(id, server);
}

function close(id) {
  const server = servers.get(id);
  if (!server || server.closing) return;
  server.closing = true;
  if (server.child === undefined) remove(id, server);
  else server.child.kill('SIGKILL'); // works on a frozen process too
}

function remove(id, { folder }) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  servers.delete(id);
  tell({ id, closed: true });
  if (ending && servers.size === 0) process.exit(0);
}

function end() {
  if (ending) return;
  ending = true;
  for (const id of servers.keys()) close(id);
  if (servers.size === 0) process.exit(0);
}

function hear({ id, folder, command, ...more }) {
  if (more.close) close(id);
  else if (folder !== undefined) servers.set(id, { folder, child: undefined, closing: false });
  else start({ id, command, ...more });
}

process.stdout.on('error', () => {}); // the test's process is gone: stdin tells so as well
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);
createInterface({ input: process.stdin })
  .on('line', (line) => {
    if (!ending) hear(JSON.parse(line));
  })
  .on('close', end);
