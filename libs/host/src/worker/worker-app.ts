/**
 * An app that takes pieces of work from the configuration, each under its lease: capture by endpoint, the loader by pipeline. Any number of
 * processes may stand by.
 */
import type { Configuration, Keyring, Registry, SchemaStore } from '@lutra/registry';
import type { Lead, StatusReporter, Wanted } from '@lutra/runtime';
import type { Logger, Metrics, Traces } from '@lutra/telemetry';
import type { EventQueues } from '../events/event-queues.js';

/** What every piece of work gets. */
export interface WorkerDeps {
  readonly registry: Registry;
  readonly schemas: SchemaStore;
  readonly secretKey: Keyring;
  /** `<host>:<process id>` */
  readonly instance: string;
  readonly metrics: Metrics;
  readonly traces: Traces | null;
  readonly events: EventQueues;
  readonly logger: Logger;
  readonly status: StatusReporter;
}

export interface WorkerApp<T> {
  readonly app: 'capture' | 'loader';
  readonly port: number;
  /** Names the pieces of work that a process may take. */
  readonly onlyVariable: string;
  /** Names of all pieces of work that the configuration has. */
  works(documents: Configuration): readonly string[];
  wanted(documents: Configuration, of: { readonly region: string; readonly only: readonly string[] | null }): Map<string, Wanted<T>>;
  /** ZooKeeper name of the lease. */
  lease(name: string): string;
  /** A person wants it to rest: no lease is taken. */
  isPaused?(work: T): boolean;
  /** One attempt: works until it fails or the signal aborts. */
  run(deps: WorkerDeps, work: T, lead: Pick<Lead, 'leaseNumber' | 'signal'>): Promise<void>;
}
