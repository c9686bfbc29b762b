/**
 * XA transactions that were prepared and have no outcome yet: in the status, and told once each when they are prepared for long. Nothing is
 * lost meanwhile. But their rows stand in the binlog only, and a source that purges it there takes them away. Of those prepared before
 * capture connected nothing is known here.
 */
import { randomUUID } from 'node:crypto';
import type { PreparedTransaction } from '@lutra/binlog';
import type { Tell } from '@lutra/host';
import { eventVersion } from '@lutra/model';
import type { EndpointDocument } from '@lutra/model';
import type { StatusReporter } from '@lutra/runtime';
import type { Logger } from '@lutra/telemetry';

export interface PreparedWatchOptions {
  readonly endpoint: Pick<EndpointDocument, 'name' | 'region'>;
  readonly tell: Tell;
  readonly status: Pick<StatusReporter, 'update'>;
  readonly logger: Pick<Logger, 'warn'>;
}

export const longMs = 3_600_000;

export class PreparedWatch {
  readonly #options: PreparedWatchOptions;
  #prepared: readonly PreparedTransaction[] = [];
  #told = new Set<PreparedTransaction>();

  constructor(options: PreparedWatchOptions) {
    this.#options = options;
  }

  changed(prepared: readonly PreparedTransaction[]): void {
    this.#prepared = prepared;
    this.#told = new Set([...this.#told].filter((one) => prepared.includes(one)));
    const [oldest] = prepared; // in the order of the binlog
    const { status } = this.#options;
    if (!oldest) return status.update({ prepared: null });
    const { xid, file, pos, sinceMs } = oldest;
    status.update({ prepared: { count: prepared.length, xid, file, pos, sinceMs } });
  }

  /** Call now and then. */
  look(now: number): void {
    for (const one of this.#prepared) {
      if (now - one.sinceMs < longMs) return;
      if (!this.#told.has(one)) this.#say(one, now);
    }
  }

  #say(one: PreparedTransaction, at: number): void {
    this.#told.add(one);
    const { endpoint, tell, logger } = this.#options;
    const { xid, gtid, file, pos, sinceMs } = one;
    logger.warn({ xid, gtid, file, pos }, 'an XA transaction is prepared for long: its rows wait, and the binlog must not be purged there');
    const about = { region: endpoint.region, endpoint: endpoint.name, xid, gtid, position: { file, pos }, sinceMs };
    tell({ type: 'xa-prepared', v: eventVersion, id: randomUUID(), at, ...about });
  }
}
