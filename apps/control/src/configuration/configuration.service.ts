/**
 * The one way in which control writes configuration: rules run on a snapshot of one revision, and what they allow is committed only while
 * that revision is the present one; else they run again. Writes of this process wait for each other, so that they do not make each other
 * run again.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { regressionError, SyncError, toSyncError } from '@lutra/model';
import type { Author, DocumentChange, Operation, Registry, Snapshot } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { LOGGER, REGISTRY } from '../tokens.js';
import { currentAuthor, tellRevision } from './author.js';

/** What the rules allow. Without `changes` no document and no revision changes. */
export interface Draft<T> {
  readonly answer: T;
  readonly changes?: readonly DocumentChange[];
  /** Other nodes that change with them. */
  readonly operations?: readonly (Operation | null)[];
}

type Rules<T> = (snapshot: Snapshot, author: Author) => Draft<T> | Promise<Draft<T>>;

const boundMs = 10_000;

@Injectable()
export class ConfigurationService implements OnApplicationBootstrap, OnModuleDestroy {
  #writing: Promise<unknown> = Promise.resolve();
  #forget = (): void => undefined;

  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Reads everything on each new connection, so that the first request after it does not wait for that. */
  onApplicationBootstrap(): void {
    this.#forget = this.registry.session.onChange(({ kind }) => {
      if (kind === 'connected') this.registry.snapshot.known().catch((error: unknown) => this.#tell(error));
    });
  }

  onModuleDestroy(): void {
    this.#forget();
  }

  /**
   * `rules` may be called more than once and must change nothing itself.
   * @throws SyncError ZOOKEEPER_UNAVAILABLE, CONFIG_INVALID (too large for one write), and what `rules` throws
   */
  write<T>(rules: Rules<T>): Promise<T> {
    const until = performance.now() + boundMs;
    const author = currentAuthor();
    const written = this.#writing.then(() => this.#write(rules, author, until));
    this.#writing = written.catch(() => undefined); // who asked for it is told
    return written;
  }

  async #write<T>(rules: Rules<T>, author: Author, until: number): Promise<T> {
    while (performance.now() < until) {
      const snapshot = await this.registry.snapshot.latest();
      requireWhole(snapshot);
      const draft = await rules(snapshot, author);
      if (await this.#commit(snapshot, draft, author)) return draft.answer;
    }
    throw new SyncError('ZOOKEEPER_UNAVAILABLE', 'ZooKeeper, or other writes of the configuration, took too long; nothing was changed');
  }

  /** false: somebody has written meanwhile. */
  async #commit(snapshot: Snapshot, draft: Draft<unknown>, author: Author): Promise<boolean> {
    const base = { tree: snapshot.revision, version: snapshot.revisionVersion };
    const operations = (draft.operations ?? []).filter((operation) => operation !== null);
    if (draft.changes) {
      const written = await this.registry.configuration.commit({ base, changes: draft.changes, operations, author });
      if (written) tellRevision(author, written.revision);
      return written !== null;
    }
    return operations.length === 0 || this.registry.configuration.want(base, operations);
  }

  #tell(error: unknown): void {
    const { code, message } = toSyncError(error);
    if (code !== 'ABORTED') this.logger.warn({ code }, `the configuration cannot be read yet: ${message}`);
  }
}

/** Documents without a revision are a part of an import that was cut off: a write would make a configuration of that part. */
function requireWhole({ revision, regions, endpoints, channels }: Snapshot): void {
  const documents = regions.size + endpoints.size + channels.size;
  if (revision === null && documents > 0) throw regressionError('control', { known: null, tree: null });
}
