/** A process that takes a lease and says so: `hold-lease.ts <connect> <root> <lease> <session ms>`. Prints the grant's number. */
import { createLogger } from '@lutra/telemetry';
import { Registry } from '../index.js';

const [connect = '', root = '', path = '', sessionTimeoutMs = ''] = process.argv.slice(2);
const registry = new Registry({ connect, root, sessionTimeoutMs: Number(sessionTimeoutMs), logger: createLogger('hold-lease', 'silent') });
await registry.start();
const grant = await registry.lease(path).acquire(new AbortController().signal);
process.stdout.write(`${grant.number}\n`);
