/** Lutra's tree in ZooKeeper, typed: configuration, leases, liveness, schemas. Holds kilobytes per channel and sees no data. */
import {
  barrierOrderSchema,
  operationSchema,
  preparedSchema,
  seedOrderSchema,
  seedProgressSchema,
  SyncError,
  verificationOrderSchema,
  verificationResultSchema,
} from '@lutra/model';
import type {
  BarrierOrder,
  OperationDocument,
  Prepared,
  SeedOrder,
  SeedProgress,
  VerificationOrder,
  VerificationResult,
} from '@lutra/model';
import type { Logger } from '@lutra/telemetry';
import type { z } from 'zod';
import { Access } from './access.js';
import { ZooKeeperAuditCopied } from './audit-copied.js';
import type { AuditCopiedStore } from './audit-copied.js';
import { ZooKeeperConfiguration } from './configuration-writer.js';
import type { ConfigurationStore } from './configuration-writer.js';
import { documentKinds } from './document-kinds.js';
import type { DocumentTypes } from './document-kinds.js';
import { ZooKeeperDocuments } from './documents.js';
import type { DocumentStore } from './documents.js';
import { ZooKeeperBackup } from './backup.js';
import type { BackupStore } from './backup.js';
import { ZooKeeperHistory } from './history.js';
import type { HistoryStore } from './history.js';
import { ZooKeeperLease } from './lease.js';
import type { Lease, LeaseOptions } from './lease.js';
import { ZooKeeperRemovedTables } from './removed-tables.js';
import type { RemovedTableStore } from './removed-tables.js';
import { ZooKeeperPeople } from './people.js';
import type { PeopleStore } from './people.js';
import { ZooKeeperPositionBackups } from './position-backups.js';
import type { PositionBackupStore } from './position-backups.js';
import { ZooKeeperOmissions } from './omissions.js';
import type { OmissionStore } from './omissions.js';
import { ZooKeeperOrders } from './order-nodes.js';
import type { OrderStore } from './order-nodes.js';
import { ZooKeeperOidc } from './oidc.js';
import type { OidcStore } from './oidc.js';
import { Paths, checkName, checkRandomId, checkUid, defaultRoot } from './paths.js';
import type { OrderFolder } from './paths.js';
import { RememberedSchemas } from './remembered-schemas.js';
import { ZooKeeperRestarts } from './restarts.js';
import { ZooKeeperRevision } from './revision.js';
import type { RevisionStore } from './revision.js';
import type { RestartStore } from './restarts.js';
import { ZooKeeperSchemas } from './schemas.js';
import type { SchemaStore } from './schemas.js';
import { Session } from './session.js';
import { defaultSessionMs } from './session-ms.js';
import { ZooKeeperSnapshot } from './snapshot.js';
import type { SnapshotStore } from './snapshot.js';
import { ZooKeeperStatus } from './status.js';
import type { StatusStore } from './status.js';
import { ZooKeeperSkips } from './skips.js';
import type { SkipStore } from './skips.js';
import { Tree } from './tree.js';
import { ZooKeeperLevel } from './level.js';
import type { LevelStore } from './level.js';
import { Membership } from './membership.js';
import type { MembershipOptions } from './membership.js';
import { ZooKeeperWorkers } from './workers.js';
import type { WorkerStore } from './workers.js';
import { ZooKeeperUids } from './uids.js';
import type { UidStore } from './uids.js';

export interface RegistryOptions {
  /** host:port[,host:port] */
  readonly connect: string;
  /** Default /lutra */
  readonly root?: string;
  /** Default `defaultSessionMs`. ZooKeeper bounds it: at least 2 ticks, at most 20. */
  readonly sessionTimeoutMs?: number;
  /** user:password: what we create then belongs to this user alone. Absent: open to everyone. */
  readonly digest?: string;
  readonly logger: Logger;
}

const connectPattern = /^[^\s:/,]+:\d{1,5}(?:\s*,\s*[^\s:/,]+:\d{1,5})*$/;

export class Registry {
  readonly regions: DocumentStore<DocumentTypes['regions']>;
  readonly endpoints: DocumentStore<DocumentTypes['endpoints']>;
  readonly channels: DocumentStore<DocumentTypes['channels']>;
  readonly desired: DocumentStore<DocumentTypes['desired']>;
  readonly configuration: ConfigurationStore;
  readonly snapshot: SnapshotStore;
  readonly history: HistoryStore;
  readonly auditCopied: AuditCopiedStore;
  readonly logs: PositionBackupStore;
  readonly status: StatusStore;
  readonly uids: UidStore;
  readonly skips: SkipStore;
  readonly left: RemovedTableStore;
  readonly restarts: RestartStore;
  readonly revision: RevisionStore;
  readonly omissions: OmissionStore;
  readonly workers: WorkerStore;
  readonly level: LevelStore;
  readonly people: PeopleStore;
  readonly oidc: OidcStore;
  /** Both by the uid of a pipeline. */
  readonly seeds: OrderStore<SeedOrder>;
  readonly seedProgress: OrderStore<SeedProgress>;
  /** Both by the name of a channel. */
  readonly verifications: OrderStore<VerificationOrder>;
  readonly verificationResults: OrderStore<VerificationResult>;
  /** By an id of their own. */
  readonly barriers: OrderStore<BarrierOrder>;
  /** By the name of a channel: its newest. */
  readonly operations: OrderStore<OperationDocument>;
  /** By the name of an endpoint: what was done on its server. */
  readonly prepared: OrderStore<Prepared>;
  readonly schemas: SchemaStore;
  readonly backups: BackupStore;
  /** For tests that end a session from outside. */
  readonly session: Session;
  readonly access: Access;
  readonly #paths: Paths;
  readonly #logger: Logger;
  readonly #memberships = new Set<Membership>();
  /** Of the cluster, as it was read last. */
  #level = 1;

  /** Does nothing yet. @throws SyncError CONFIG_INVALID */
  constructor(options: RegistryOptions) {
    const { connect, digest, logger, sessionTimeoutMs = defaultSessionMs } = options;
    if (!connectPattern.test(connect))
      throw new SyncError('CONFIG_INVALID', `ZooKeeper: ${JSON.stringify(connect)} is not host:port[,host:port]`);
    if (digest !== undefined && !/^[^:]+:./s.test(digest))
      throw new SyncError('CONFIG_INVALID', 'ZooKeeper: the digest is not user:password');
    this.#logger = logger;
    const paths = new Paths(options.root ?? defaultRoot);
    const session = new Session({ connect, sessionTimeoutMs, digest, logger });
    const tree = new Tree(session);
    const level = (): number => this.#level;
    const documents = <K extends keyof DocumentTypes>(kind: K): DocumentStore<DocumentTypes[K]> =>
      new ZooKeeperDocuments(tree, { path: paths.documents(kind), kind: documentKinds[kind], session, logger });
    const history = new ZooKeeperHistory(tree, paths, logger);
    this.#paths = paths;
    this.session = session;
    this.access = new Access(session, paths.root);
    this.regions = documents('regions');
    this.endpoints = documents('endpoints');
    this.channels = documents('channels');
    this.desired = documents('desired');
    this.history = history;
    this.auditCopied = new ZooKeeperAuditCopied(tree, paths);
    this.configuration = new ZooKeeperConfiguration({ tree, paths, history, level });
    this.snapshot = new ZooKeeperSnapshot(session, paths);
    this.logs = new ZooKeeperPositionBackups(tree, paths);
    this.status = new ZooKeeperStatus({ session, tree, paths, logger });
    this.uids = new ZooKeeperUids(tree, paths);
    this.skips = new ZooKeeperSkips(tree, paths);
    this.left = new ZooKeeperRemovedTables(tree, paths);
    this.restarts = new ZooKeeperRestarts(tree, paths);
    this.revision = new ZooKeeperRevision(session, tree, paths);
    this.omissions = new ZooKeeperOmissions(tree, paths);
    this.workers = new ZooKeeperWorkers(tree, paths);
    this.level = new ZooKeeperLevel(tree, paths);
    this.people = new ZooKeeperPeople({ session, tree, paths, logger });
    this.oidc = new ZooKeeperOidc(tree, paths);
    const orders = <T>(folder: OrderFolder, schema: z.ZodType<T>, checked: (name: string) => string): OrderStore<T> =>
      new ZooKeeperOrders({
        tree,
        folder: paths.orders(folder),
        path: (name) => `${paths.orders(folder)}/${checked(name)}`,
        schema,
        what: folder,
      });
    this.seeds = orders('seeds', seedOrderSchema, checkUid);
    this.seedProgress = orders('seed-progress', seedProgressSchema, checkUid);
    this.verifications = orders('verifications', verificationOrderSchema, checkName);
    this.verificationResults = orders('verification-results', verificationResultSchema, checkName);
    this.barriers = orders('barriers', barrierOrderSchema, checkRandomId);
    this.operations = orders('operations', operationSchema, checkName);
    this.prepared = orders('prepared', preparedSchema, checkName);
    const schemas = new ZooKeeperSchemas(tree, paths);
    this.schemas = new RememberedSchemas(schemas, { session, tree, paths, logger });
    this.backups = new ZooKeeperBackup({ tree, paths, schemas, snapshot: this.snapshot });
  }

  get connected(): boolean {
    return this.session.connection !== null;
  }

  /**
   * Resolves when first connected, however long that takes, unless `signal` says otherwise. Reconnects by itself from then on.
   * @throws SyncError ZOOKEEPER_UNAVAILABLE when an AbortSignal.timeout() ended the wait; ABORTED
   */
  async start(signal?: AbortSignal): Promise<void> {
    this.session.start();
    try {
      await this.session.connected({ signal });
    } catch (error) {
      await this.stop();
      const { reason } = signal ?? {};
      if (!(reason instanceof DOMException) || reason.name !== 'TimeoutError') throw error;
      throw new SyncError('ZOOKEEPER_UNAVAILABLE', 'ZooKeeper did not answer in the time it was given', { cause: error });
    }
  }

  /** Says that this process lives, as long as the registry does, and follows the level. */
  join(options: Pick<MembershipOptions, 'describe' | 'onLevel'>): void {
    const onLevel = (level: number | null): void => {
      this.#level = Math.max(this.#level, level ?? 1);
      options.onLevel(level);
    };
    const membership = new Membership({ ...options, onLevel, session: this.session, paths: this.#paths, logger: this.#logger });
    this.#memberships.add(membership);
    membership.start();
  }

  /** Ends the session: ephemeral nodes go, leases are lost. */
  async stop(): Promise<void> {
    const memberships = [...this.#memberships].map((membership) => membership.stop());
    await this.session.stop();
    await Promise.all(memberships);
  }

  /** For instance `capture/<endpoint>`, `loader/<uid>.<partition>`. @throws SyncError CONFIG_INVALID */
  lease(path: string, options: LeaseOptions = {}): Lease {
    return new ZooKeeperLease(this.session, this.#paths.lease(path), { logger: this.#logger, ...options });
  }
}
