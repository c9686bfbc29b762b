/** Entries as lines of the log. */
import { randomUUID } from 'node:crypto';
import type { Logger } from '@lutra/telemetry';
import type { Audit } from './audit.js';

export class LoggedAudit implements Audit {
  constructor(private readonly logger: Logger) {}

  note(entry: Parameters<Audit['note']>[0]): void {
    this.logger.info({ audit: true, entry: { v: 1, id: randomUUID(), at: Date.now(), ...entry } }, 'audit');
  }
}
