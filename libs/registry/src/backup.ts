/**
 * Everything that must outlive the loss of ZooKeeper as one document, and the way back into an empty tree. A restore checks the whole
 * document and the whole tree before it writes anything. Cut off in the middle, it is completed by repeating it: what is there already
 * stays. A tree that has lived on is not taken for one that was cut off, though it may hold nothing else: its revision is another one since
 * something was changed or removed; and a write in the middle of a restore ends the restore. Not in it are the key of the passwords, which
 * stay sealed, and what living processes say about themselves.
 */
import { SyncError, endpointSchema, knownLevels, newerThanThisBuild, oidcSchema, regionSchema } from '@lutra/model';
import { z } from 'zod';
import { asStored, bytesOf, checkNode, checkSchemas, isDocumentFolder, kinds, nodeNameOf, pathOf } from './backup-kinds.js';
import { readStored, readValues, valueOf } from './backup-nodes.js';
import { ZooKeeperLevel } from './level.js';
import type { LevelStore } from './level.js';
import { toBytes } from './json.js';
import { inTransactions } from './multi.js';
import type { Operation } from './multi.js';
import { decodeName, persistentFolders } from './paths.js';
import type { Paths, PersistentFolder } from './paths.js';
import { secretOfEndpoint } from './endpoint-password.js';
import { secretsOfRegion } from './kafka-secrets.js';
import { secretsOfOidc } from './oidc.js';
import { subjectVersionSchema } from './schemas.js';
import type { SchemaStore } from './schemas.js';
import type { StoredSecret } from './secret.js';
import type { SnapshotStore } from './snapshot.js';
import type { Tree } from './tree.js';

const format = 1;

export const backupSchema = z.strictObject({
  format: z.literal(format, `this version reads format ${format}`),
  exportedAt: z.iso.datetime(),
  /** Of the cluster that it is of: what it holds may need it. */
  level: z.int().min(1).default(1),
  /** Path below the root → what the node holds. */
  nodes: z.record(z.string(), z.unknown()),
});
export type BackupDocument = z.infer<typeof backupSchema>;

export interface Restored {
  /** Nodes that were written now. */
  readonly written: number;
  /** Nodes that were there already, of a restore that was cut off or of work that has begun. */
  readonly kept: number;
}

export interface BackupStore {
  /** @throws SyncError CONFIG_INVALID naming a damaged node; ZOOKEEPER_* */
  read(): Promise<BackupDocument>;
  /** The secrets in it. @throws SyncError CONFIG_INVALID naming what is wrong in the document */
  check(document: BackupDocument): readonly StoredSecret[];
  /** @throws SyncError CONFIG_INVALID; CONFIG_CONFLICT naming what is there; ZOOKEEPER_* */
  write(document: BackupDocument): Promise<Restored>;
}

const mostNamed = 10;
/** What is there besides the export is not in its way. */
const besideFolders: ReadonlySet<PersistentFolder> = new Set([
  'schemas/ids',
  'schemas/subjects',
  'prepared',
  'access/users',
  'access/tokens',
  'access/oidc',
]);

export interface BackupParts {
  readonly tree: Tree;
  readonly paths: Paths;
  readonly schemas: SchemaStore;
  readonly snapshot: SnapshotStore;
}

export class ZooKeeperBackup implements BackupStore {
  readonly #tree: Tree;
  readonly #paths: Paths;
  readonly #schemas: SchemaStore;
  readonly #level: LevelStore;
  readonly #snapshot: SnapshotStore;

  constructor({ tree, paths, schemas, snapshot }: BackupParts) {
    this.#tree = tree;
    this.#paths = paths;
    this.#schemas = schemas;
    this.#level = new ZooKeeperLevel(tree, paths);
    this.#snapshot = snapshot;
  }

  async read(): Promise<BackupDocument> {
    const nodes = await readValues(this.#tree, this.#paths, await this.#snapshot.latest());
    const level = (await this.#level.latest())?.level ?? 1;
    const document = { format, exportedAt: new Date().toISOString(), level, nodes } as const;
    this.check(document); // what cannot be restored is no backup
    return document;
  }

  check({ level, nodes }: BackupDocument): readonly StoredSecret[] {
    if (level > knownLevels.max) throw new SyncError('CONFIG_INVALID', `level: ${level}; the backup was ${newerThanThisBuild}`);
    for (const [path, value] of Object.entries(nodes)) {
      const { folder, name } = nodeNameOf(path);
      checkNode(this.#paths, { folder, name }, value);
      if (isDocumentFolder(folder)) asStored(folder, name, value, level);
    }
    checkSchemas(nodes);
    if (!('revision' in nodes) && Object.keys(nodes).some((path) => isDocumentFolder(nodeNameOf(path).folder)))
      throw new SyncError('CONFIG_INVALID', 'the backup has documents and no revision; it was altered');
    return Object.entries(nodes).flatMap(([path, value]) => {
      const { folder } = nodeNameOf(path);
      if (folder === 'endpoints') return [secretOfEndpoint(endpointSchema.parse(value))];
      if (folder === 'access/oidc') return secretsOfOidc(oidcSchema.parse(value));
      return folder === 'regions' ? secretsOfRegion(regionSchema.parse(value)) : [];
    });
  }

  async write(document: BackupDocument): Promise<Restored> {
    this.check(document);
    const { nodes } = document;
    const stored = await readStored(this.#tree, this.#paths);
    this.#requireRoom(nodes, stored);
    await this.#requireLevel(document);
    const count = { written: 0, kept: 0 };
    for (const folder of persistentFolders.filter((one) => one !== 'revision' && !isDocumentFolder(one))) {
      const paths = Object.keys(nodes).filter((path) => nodeNameOf(path).folder === folder);
      for (const path of paths.toSorted(byName)) count[(await this.#create(path, nodes[path])) ? 'written' : 'kept'] += 1;
    }
    const documents = Object.keys(nodes).filter((path) => path === 'revision' || isDocumentFolder(nodeNameOf(path).folder));
    const missing = documents.filter((path) => !stored.has(path));
    await this.#createDocuments(nodes, missing);
    return { written: count.written + missing.length, kept: count.kept + documents.length - missing.length };
  }

  /** The tree must be at the backup's level before it holds what that level allows. */
  async #requireLevel({ level, exportedAt }: BackupDocument): Promise<void> {
    const by = `the restore of a backup of ${exportedAt}`;
    // An emptied tree has none, and control apps that have seen one begin none.
    await this.#level.begin({ level: 1, by, at: Date.now() });
    const now = (await this.#level.latest())?.level ?? 1;
    if (level <= now) return;
    const blocks = await this.#level.raise({ level, by, at: Date.now() });
    if (blocks.length === 0) return;
    const who = blocks.map((block) => (block.kind === 'worker' ? block.worker.instance : block.contender.instance));
    const what = `the backup is of level ${level}, the cluster at ${now}, and ${who.join(', ')} cannot be shown to know it`;
    throw new SyncError('CONFIG_CONFLICT', what, { details: { level: now, wanted: level } });
  }

  /** False: it is there, and may stay. */
  async #create(path: string, value: unknown): Promise<boolean> {
    const nodeName = nodeNameOf(path);
    if (nodeName.folder === 'schemas/subjects') return this.#register(nodeName.name, subjectVersionSchema.parse(value).id);
    const full = this.#pathOf(path);
    if (await this.#tree.create(full, bytesOf(nodeName, value))) return true;
    const node = await this.#tree.read(full);
    if (node && !mayStay(path, node.data, value)) throw conflict([path]);
    return false;
  }

  /**
   * In as few transactions as there may be, the revision in the last one: apps at work follow the tree from then on, and a part of it would
   * end the work of the other part. A tree in which somebody has written meanwhile has another revision.
   */
  async #createDocuments(nodes: Readonly<Record<string, unknown>>, missing: readonly string[]): Promise<void> {
    const creations = missing
      .toSorted((one, other) => rankOf(one) - rankOf(other))
      .map((path): Operation => ({ type: 'create', path: this.#pathOf(path), data: bytesOf(nodeNameOf(path), nodes[path]) }));
    const counted = missing.includes('revision') || missing.length === 0 ? [] : [await this.#restored(nodes['revision'])];
    for (const operations of inTransactions([...creations, ...counted])) {
      const [first] = operations;
      const isOurs = async (): Promise<boolean> =>
        first?.type === 'create' && (await this.#tree.readLatest(first.path))?.data.equals(first.data) === true;
      if (await this.#tree.commit(operations, isOurs)) throw interrupted();
    }
  }

  /** The revision is there already, and must stay the one that was restored. */
  async #restored(value: unknown): Promise<Operation> {
    const path = this.#paths.revision;
    const node = await this.#tree.readLatest(path);
    if (node?.data.equals(toBytes(value))) return { type: 'check', path, version: node.stat.version };
    throw interrupted();
  }

  #pathOf(path: string): string {
    return `${this.#paths.root}/${pathOf(nodeNameOf(path))}`;
  }

  /** Running apps register what they use again, perhaps in another order: the ids count, a version's number does not. */
  async #register(name: string, id: number): Promise<boolean> {
    const subject = decodeName(name.slice(0, name.lastIndexOf('/')));
    const text = (await this.#schemas.byId(id)) ?? '';
    if ((await this.#schemas.idOf(subject, text)) === id) return false;
    await this.#schemas.register(subject, text);
    return true;
  }

  #requireRoom(nodes: Readonly<Record<string, unknown>>, stored: ReadonlyMap<string, Buffer>): void {
    const inTheWay = [...stored].filter(([path, data]) => {
      const { folder } = nodeNameOf(path);
      if (folder === 'schemas/subjects') return false;
      if (path in nodes) return !mayStay(path, data, nodes[path]);
      return !besideFolders.has(folder);
    });
    if (inTheWay.length > 0) throw conflict(inTheWay.map(([path]) => path));
  }
}

function mayStay(path: string, there: Buffer, wanted: unknown): boolean {
  const nodeName = nodeNameOf(path);
  if (there.equals(bytesOf(nodeName, wanted))) return true;
  try {
    return kinds[nodeName.folder].stays?.(valueOf(path, there), wanted) ?? false;
  } catch {
    return false; // damaged: in the way, and named
  }
}

/** Channels come late, and the revision last. */
function rankOf(path: string): number {
  return persistentFolders.indexOf(nodeNameOf(path).folder);
}

/** Versions of a subject in the order of their numbers. */
function byName(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function interrupted(): SyncError {
  return new SyncError('CONFIG_CONFLICT', 'somebody wrote the configuration while it was restored');
}

function conflict(paths: readonly string[]): SyncError {
  const more = paths.length > mostNamed ? ` and ${paths.length - mostNamed} more` : '';
  const named = `${paths.slice(0, mostNamed).join(', ')}${more}`;
  return new SyncError('CONFIG_CONFLICT', `a restore needs an empty tree; there is ${named}`, { details: { there: named } });
}
