/**
 * Writes configuration. The rules that allow a change look at all documents, so a change is valid only for the state that they looked at:
 * one ZooKeeper transaction sets `revision` from the version that was read, and the documents, and their history. Counter-example for a
 * lock (docs/decisions/0027): its holder is frozen past its session, another one writes, and the thawed one writes by rules that no longer
 * hold.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { nextRevision, parseDocument, randomId, storedDocument, SyncError } from '@lutra/model';
import type { Desired, TreeRevision } from '@lutra/model';
import { documentKinds } from './document-kinds.js';
import type { DocumentTypes, HistoricKind } from './document-kinds.js';
import { withoutSecrets } from './history.js';
import type { ZooKeeperHistory } from './history.js';
import { inParts } from './in-parts.js';
import { toBytes } from './json.js';
import { isOfOneWrite } from './multi.js';
import type { Operation } from './multi.js';
import type { Paths } from './paths.js';
import { revisionOf } from './revision.js';
import type { Base } from './revision.js';
import type { Tree } from './tree.js';

export interface Author {
  readonly by: string;
  /** Address */
  readonly from: string;
  readonly reason: string;
}

/** `before`: as it was read, null where there is none; its document is null where it cannot be read. `after` null: it is removed. */
export type DocumentChange = {
  readonly [K in HistoricKind]: {
    readonly kind: K;
    readonly name: string;
    readonly before: { readonly version: number; readonly document: DocumentTypes[K] | null } | null;
    readonly after: DocumentTypes[K] | null;
  };
}[HistoricKind];

export interface ConfigurationWrite {
  readonly base: Base;
  readonly changes: readonly DocumentChange[];
  /** What else changes with the documents. */
  readonly operations: readonly Operation[];
  readonly author: Author;
}

export interface ConfigurationStore {
  /** Null: nothing was written, for it was made from a state that is not the present one. @throws SyncError CONFIG_INVALID, ZOOKEEPER_* */
  commit(write: ConfigurationWrite): Promise<TreeRevision | null>;
  /** Whether one transaction takes it. @throws SyncError CONFIG_INVALID for another reason */
  fits(write: ConfigurationWrite): Promise<boolean>;
  /** Sets what is wanted of a channel, while the configuration is the one that was looked at; it stays that. false: as with `commit`. */
  want(base: Base, desired: readonly Operation[]): Promise<boolean>;
  /** `version` null: there is no such node yet. `desired` null: it is removed. */
  desiredOperation(channel: string, version: number | null, desired: Desired | null): Operation;
  /** The transaction fails where somebody has wanted something else meanwhile. */
  desiredCheck(channel: string, version: number): Operation;
}

/** Between two turns of the event loop. */
const checkedAtOnce = 10;

export interface WriterParts {
  readonly tree: Tree;
  readonly paths: Paths;
  readonly history: ZooKeeperHistory;
  /** Of the cluster, as far as it is known: nothing above it is written. */
  level(): number;
}

export class ZooKeeperConfiguration implements ConfigurationStore {
  readonly #tree: Tree;
  readonly #paths: Paths;
  readonly #history: ZooKeeperHistory;
  readonly #level: () => number;

  constructor({ tree, paths, history, level }: WriterParts) {
    this.#tree = tree;
    this.#paths = paths;
    this.#history = history;
    this.#level = level;
  }

  async commit(configuration: ConfigurationWrite): Promise<TreeRevision | null> {
    const { revision, operations } = await this.#operations(configuration);
    const refused = await this.#tree.commit(operations, () => this.#isOurs(revision.write));
    return refused ? null : revision;
  }

  async fits(configuration: ConfigurationWrite): Promise<boolean> {
    return isOfOneWrite((await this.#operations(configuration)).operations);
  }

  async #operations({ base, changes, operations, author }: ConfigurationWrite) {
    const at = Date.now();
    const revision = nextRevision(base.tree, { write: randomId(), by: author.by, at });
    const documents: Operation[] = [];
    const entries: Parameters<ZooKeeperHistory['operations']>[] = [];
    for (const [index, change] of changes.entries()) {
      if (index % checkedAtOnce === checkedAtOnce - 1) await nextTurn();
      const before = withoutSecrets(change.before?.document ?? null) as Record<string, unknown> | null;
      documents.push(this.#documentOperation(change));
      entries.push([change.kind, change.name, { ...author, before, write: revision.write, at, revision: revision.revision }]);
    }
    const history = await inParts(entries, (entry) => this.#history.operations(...entry));
    return { revision, operations: [this.#revisionOperation(base, revision), ...documents, ...history.flat(), ...operations] };
  }

  async want({ version }: Base, desired: readonly Operation[]): Promise<boolean> {
    if (version === null) throw new SyncError('INTERNAL', 'there is a channel and no revision');
    const check: Operation = { type: 'check', path: this.#paths.revision, version };
    return (await this.#tree.commit([check, ...desired], () => this.#stands(desired))) === null;
  }

  desiredOperation(channel: string, version: number | null, desired: Desired | null): Operation {
    const path = this.#paths.document('desired', channel);
    if (desired === null) return { type: 'remove', path, version: version ?? 0 };
    const { noun, schema } = documentKinds.desired;
    const what = `${noun} ${channel}`;
    const data = toBytes(storedDocument(schema, parseDocument(schema, desired, what), { what, level: this.#level() }));
    return version === null ? { type: 'create', path, data } : { type: 'set', path, data, version };
  }

  desiredCheck(channel: string, version: number): Operation {
    return { type: 'check', path: this.#paths.document('desired', channel), version };
  }

  #revisionOperation({ version }: Base, revision: TreeRevision): Operation {
    const data = toBytes(revision);
    const path = this.#paths.revision;
    return version === null ? { type: 'create', path, data } : { type: 'set', path, data, version };
  }

  #documentOperation({ kind, name, before, after }: DocumentChange): Operation {
    const path = this.#paths.document(kind, name);
    if (after === null) return { type: 'remove', path, version: before?.version ?? 0 };
    const data = toBytes(this.#checked(kind, name, after));
    return before === null ? { type: 'create', path, data } : { type: 'set', path, data, version: before.version };
  }

  #checked(kind: HistoricKind, name: string, document: unknown): unknown {
    const { noun, schema } = documentKinds[kind];
    const parsed = parseDocument<{ readonly name: string }>(schema, document, `${noun} ${name}`);
    if (parsed.name !== name) throw new SyncError('CONFIG_INVALID', `${noun} ${name}: name: cannot be changed`);
    return storedDocument<{ readonly name: string }>(schema, parsed, { what: `${noun} ${name}`, level: this.#level() });
  }

  /** Others may have written after us. */
  async #isOurs(write: string): Promise<boolean> {
    const found = revisionOf(await this.#tree.readLatest(this.#paths.revision));
    return found !== null && (found.write === write || found.recent.includes(write));
  }

  /** What another process wanted in the very same words is as good as ours. */
  async #stands(desired: readonly Operation[]): Promise<boolean> {
    const first = desired[0];
    if (first?.type !== 'set' && first?.type !== 'create') return false;
    return (await this.#tree.readLatest(first.path))?.data.equals(first.data) === true;
  }
}
