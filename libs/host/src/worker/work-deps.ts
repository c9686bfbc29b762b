/** What one run of a capture or a loader is handed by its process. */
import type { Keyring, Registry, SchemaStore, TreeFollower } from '@lutra/registry';
import type { StatusReporter } from '@lutra/runtime';
import type { Logger, Metrics, Traces } from '@lutra/telemetry';
import type { WriteLevel } from '../level/cluster-level.js';
import type { EventQueues } from '../events/event-queues.js';

export interface WorkDeps {
  readonly registry: Registry;
  /** Says by which documents work begins. */
  readonly tree: Pick<TreeFollower, 'channels' | 'channel' | 'look'>;
  readonly schemas: SchemaStore;
  readonly secretKey: Keyring;
  /** Of this process: host name and process id. */
  readonly instance: string;
  /** Of the cluster. */
  readonly level: WriteLevel;
  readonly metrics: Metrics;
  readonly traces?: Traces | null;
  readonly events: EventQueues;
  readonly logger: Logger;
  readonly status: StatusReporter;
}
