/**
 * For the tests: starts a server, prints its pid and log file, and never stops it. usage: tsx abandoning-caller.ts stay|end
 * With `end` nothing keeps it, so it ends by itself when its event loop is empty.
 */
import { mysqlServer } from './index.js';

const server = mysqlServer({ version: '8.0', serverId: 1, name: 'abandoned' });
await server.start();
console.log(JSON.stringify({ pid: server.pid, log: server.logFile }));
if (process.argv[2] === 'stay') setInterval(() => undefined, 1000);
