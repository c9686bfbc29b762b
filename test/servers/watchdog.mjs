/**
 * Stands between a test and a server so that nothing outlives the test. Its stdin is a pipe from the test's process: when that
 * process ends, however it ends, the pipe closes; the watchdog then SIGKILLs the server, removes the server's folder and ends.
 * Runs on Node 20, with nothing but built-ins. usage: node watchdog.mjs FOLDER
 *
 * stdin, a line each:  {"command", "args", "env", "log"}           start the server
 * stdout, a line each: {"started": pid} | {"failed": code} | {"ended": pid, "how": "…"}
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

const folder = process.argv[2];
let server;
let ending = false;

function tell(event) {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function start({ command, args, env, log }) {
  const output = openSync(log, 'a');
  const child = spawn(command, args, { cwd: folder, env: { ...process.env, ...env }, stdio: ['ignore', output, output] });
  closeSync(output);
  server = child;
  child.on('spawn', () => tell({ started: child.pid }));
  child.on('error', (error) => {
    if (child.pid !== undefined) return;
    server = undefined;
    tell({ failed: error.code ?? error.message });
    if (ending) finish();
  });
  child.on('exit', (code, signal) => {
    server = undefined;
    tell({ ended: child.pid, how: signal ?? `exit code ${code}` });
    if (ending) finish();
  });
}

function end() {
  if (ending) return;
  ending = true;
  if (server === undefined) finish();
  else server.kill('SIGKILL'); // works on a frozen process too
}

function finish() {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  process.exit(0);
}

process.stdout.on('error', () => {}); // the test's process is gone: stdin tells so as well
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);
createInterface({ input: process.stdin })
  .on('line', (line) => {
    if (!ending) start(JSON.parse(line));
  })
  .on('close', end);
