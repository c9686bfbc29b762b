/**
 * DDL statements that an endpoint with `ddl: "ignore"` passed over: counted, logged, told as events, and kept in ZooKeeper until an
 * operator has confirmed them, because the two sides may differ since. The log itself has each of them, so nothing waits for ZooKeeper:
 * until it has taken them, its position backup stays before their records, and the next claim finds them in the tail. Each counts once, by
 * its seq.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Tell } from '@lutra/host';
import { eventVersion, toSyncError } from '@lutra/model';
import type { EndpointDocument } from '@lutra/model';
import type { NewOmission, OmissionStore } from '@lutra/registry';
import type { Logger, Metrics } from '@lutra/telemetry';
import type { Acknowledged } from '../stream/log-writer.js';
import type { DdlRecord } from '../claim/tail.js';

interface Deps {
  readonly registry: { readonly omissions: Pick<OmissionStore, 'add'> };
  readonly metrics: Metrics;
  readonly logger: Pick<Logger, 'warn'>;
}

interface About {
  readonly endpoint: Pick<EndpointDocument, 'name' | 'region'>;
  readonly tell: Tell;
  /** Ends with the leadership. */
  readonly signal: AbortSignal;
}

const retryMs = 1_000;

export class DdlOmissions {
  readonly #deps: Deps;
  readonly #about: About;
  #waiting: NewOmission[] = [];
  #isWriting = false;

  constructor(deps: Deps, about: About) {
    this.#deps = deps;
    this.#about = about;
  }

  /** ZooKeeper has not taken all of them. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** In the tail of a log that was claimed. */
  found(records: readonly DdlRecord[]): void {
    this.#waiting.push(...records.map(omissionOf));
    void this.#write();
  }

  acknowledged(records: readonly Acknowledged[]): void {
    const found = records.flatMap(({ header, control }) => (control?.kind === 'ddl' ? [{ header, body: control }] : []));
    if (found.length === 0) return;
    for (const record of found) this.#say(record);
    this.found(found);
  }

  #say({ header: { log, seq }, body }: DdlRecord): void {
    const { endpoint, tell } = this.#about;
    const { statement } = body;
    const { file, pos } = body.position;
    this.#deps.metrics.ddlIgnored.inc({ name: endpoint.name, statement });
    this.#deps.logger.warn({ statement, tables: tablesOf(body), file, pos, seq }, 'a DDL statement was not replicated: ddl is "ignore"');
    const tables = body.tables.map(({ database, name }) => ({ schema: database, table: name }));
    const about = { region: endpoint.region, endpoint: endpoint.name, statement, tables };
    tell({ type: 'ddl-ignored', v: eventVersion, id: randomUUID(), at: Date.now(), ...about, position: { file, pos }, log, seq });
  }

  async #write(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    const { endpoint, signal } = this.#about;
    let isFailing = false;
    while (this.#waiting.length > 0 && !signal.aborted) {
      const batch = [...this.#waiting];
      try {
        await this.#deps.registry.omissions.add(`endpoint@${endpoint.name}`, batch);
        this.#waiting.splice(0, batch.length);
      } catch (thrown) {
        const { code } = toSyncError(thrown);
        if (!isFailing) this.#deps.logger.warn({ code }, 'cannot note in ZooKeeper that a DDL statement was not replicated; data flows on');
        isFailing = true;
        await delay(retryMs, undefined, { signal }).catch(() => undefined); // ended: the loop sees it
      }
    }
    this.#isWriting = false;
  }
}

function omissionOf({ header: { log, seq }, body }: DdlRecord): NewOmission {
  const { file, pos } = body.position;
  const where = `${file}:${pos}`;
  return { kind: 'ddl', what: body.statement || 'DDL', tables: tablesOf(body), where, at: body.tsMs, record: { log, seq } };
}

function tablesOf({ tables }: DdlRecord['body']): string[] {
  return tables.map(({ database, name }) => `${database}.${name}`);
}
