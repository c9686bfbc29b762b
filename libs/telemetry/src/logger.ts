/** The logger of every app: pino, JSON lines on stdout, with what could be a secret taken out. */
import { pino } from 'pino';
import type { Logger } from 'pino';

export type { Logger };

/** Names under which a secret could be logged by mistake. */
const names = ['password', 'token', 'authorization', 'digest', 'secretKey', 'LUTRA_SECRET_KEY', 'LUTRA_API_TOKEN', 'ZOOKEEPER_DIGEST'];
const secrets = [...names.flatMap((name) => [name, `*.${name}`]), 'req.headers.authorization', 'req.headers.cookie'];

export function createLogger(name: string, level: string = process.env['LOG_LEVEL'] ?? 'info'): Logger {
  return pino({ name, level, redact: { paths: secrets, censor: '[secret]' } });
}
