#!/usr/bin/env node
/** `lutra`: control's REST API on the command line. */
import '@lutra/node';
import { exitCodes } from './exit-codes.js';
import { run } from './run.js';

const interrupt = new AbortController();
process.once('SIGINT', () => {
  interrupt.abort(new Error('Ctrl-C'));
  process.once('SIGINT', () => process.exit(exitCodes.interrupted)); // somebody who does not want to wait
});
// `lutra … | head` closes the pipe.
process.stdout.on('error', () => process.exit(exitCodes.ok));

const { env, stdin, stdout, stderr } = process;
process.exitCode = await run({ argv: process.argv.slice(2), env, stdin, stdout, stderr, signal: interrupt.signal });
