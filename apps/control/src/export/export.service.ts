/** What ZooKeeper holds as one document, and back. Passwords stay sealed: the key that opens them must be the one that sealed them. */
import { Inject, Injectable } from '@nestjs/common';
import { requireReadable } from '@lutra/registry';
import type { ExportDocument, Imported, Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { LOGGER, REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';

@Injectable()
export class ExportService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly key: SecretKey,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  read(): Promise<ExportDocument> {
    return this.registry.exports.read();
  }

  /**
   * The rules between channels are not asked: what ran before must run again, also where a later version would refuse to create it.
   * @throws SyncError CONFIG_INVALID, CONFIG_CONFLICT, SECRET_UNREADABLE
   */
  async write(document: ExportDocument): Promise<Imported> {
    for (const secret of this.registry.exports.check(document)) requireReadable(this.key, secret);
    const imported = await this.registry.exports.write(document);
    this.logger.warn({ exportedAt: document.exportedAt, ...imported }, 'imported an export');
    return imported;
  }
}
