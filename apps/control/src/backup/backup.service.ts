/** What ZooKeeper holds as one document, and back. Passwords stay sealed: the key that opens them must be the one that sealed them. */
import { Inject, Injectable } from '@nestjs/common';
import { requireReadable } from '@lutra/registry';
import type { BackupDocument, Restored, Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { LOGGER, REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';

@Injectable()
export class BackupService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly key: SecretKey,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  read(): Promise<BackupDocument> {
    return this.registry.backups.read();
  }

  /**
   * The rules between channels are not asked: what ran before must run again, also where a later version would refuse to create it.
   * @throws SyncError CONFIG_INVALID, CONFIG_CONFLICT, SECRET_UNREADABLE
   */
  async write(document: BackupDocument): Promise<Restored> {
    for (const secret of this.registry.backups.check(document)) requireReadable(this.key, secret);
    const restored = await this.registry.backups.write(document);
    this.logger.warn({ exportedAt: document.exportedAt, ...restored }, 'restored a backup');
    return restored;
  }
}
