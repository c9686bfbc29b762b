/**
 * All that watches a leadership and steers nothing but its end: status and metrics, the position backup in ZooKeeper.
 */
import type { Announced } from '@lutra/model';
import type { CaptureRun } from '../capture-run.js';
import { PositionBackupWriter } from './position-backup-writer.js';
import type { Acknowledged } from '../stream/log-writer.js';
import { PreparedWatch } from './prepared-watch.js';
import { Progress } from './progress.js';
import type { Verified } from '../verify/verify.js';

export class Observers {
  readonly progress: Progress;
  readonly prepared: PreparedWatch;
  readonly #run: CaptureRun;
  readonly #backupWriter: PositionBackupWriter;

  constructor(run: CaptureRun, { claim, state, askedAt }: Verified, routes: Announced) {
    const { deps, endpoint, work, signal } = run;
    const { logger, status, registry, events } = deps;
    const tell = events.of(work.region, endpoint);
    this.#run = run;
    this.progress = new Progress(deps, endpoint.name);
    this.progress.looked({ file: state.file, pos: state.pos, at: askedAt });
    this.prepared = new PreparedWatch({ endpoint, tell, status, logger });
    this.prepared.changed([]);
    this.#backupWriter = new PositionBackupWriter({
      endpoint: endpoint.name,
      logs: registry.logs,
      version: claim.backupVersion,
      server: state.serverUuid,
      firstSeq: claim.nextSeq,
      routes,
      logger,
      onLost: (error) => run.end(error),
      signal,
    });
  }

  acknowledged(records: readonly Acknowledged[]): void {
    // Not before: a new log that starts "now" begins with its first heartbeat, and who sees us running relies on that.
    this.#run.deps.status.update({ state: 'running', waitingFor: null, lastError: null });
    this.progress.acknowledged(records);
    this.#backupWriter.acknowledged(records);
  }
}
