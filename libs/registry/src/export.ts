/**
 * Everything that must outlive the loss of ZooKeeper as one document, and the way back into an empty tree. An import checks the whole
 * document and the whole tree before it writes anything. Cut off in the middle, it is completed by repeating it: what is there already
 * stays. A tree that has lived on is not taken for one that was cut off, though it may hold nothing else: its revision is another one since
 * something was changed or removed; and a write in the middle of an import ends the import. Not in it are the key of the passwords, which
 * stay sealed, and what living processes say about themselves.
 */
import { SyncError, endpointSchema } from '@lutra/model';
import type { EndpointDocument } from '@lutra/model';
import { z } from 'zod';
import { bytesOf, checkNode, checkSchemas, kinds, nodeNameOf, pathOf } from './export-kinds.js';
import { isDocumentFolder, readStored, readValues, valueOf } from './export-nodes.js';
import { toBytes } from './json.js';
import type { Operation } from './multi.js';
import { decodeName, persistentFolders } from './paths.js';
import type { Paths, PersistentFolder } from './paths.js';
import { subjectVersionSchema } from './schemas.js';
import type { SchemaStore } from './schemas.js';
import type { SnapshotStore } from './snapshot.js';
import type { Tree } from './tree.js';

const format = 1;

export const exportSchema = z.strictObject({
  format: z.literal(format, `this version reads format ${format}`),
  exportedAt: z.iso.datetime(),
  /** Path below the root → what the node holds. */
  nodes: z.record(z.string(), z.unknown()),
});
export type ExportDocument = z.infer<typeof exportSchema>;

export interface Imported {
  /** Nodes that were written now. */
  readonly written: number;
  /** Nodes that were there already, of an import that was cut off or of work that has begun. */
  readonly kept: number;
}

export interface ExportStore {
  /** @throws SyncError CONFIG_INVALID naming a damaged node; ZOOKEEPER_* */
  read(): Promise<ExportDocument>;
  /** @throws SyncError CONFIG_INVALID naming what is wrong in the document */
  check(document: ExportDocument): readonly EndpointDocument[];
  /** @throws SyncError CONFIG_INVALID; CONFIG_CONFLICT naming what is there; ZOOKEEPER_* */
  write(document: ExportDocument): Promise<Imported>;
}

const mostNamed = 10;
const schemaFolders: ReadonlySet<PersistentFolder> = new Set(['schemas/ids', 'schemas/subjects']);

export interface ExportParts {
  readonly tree: Tree;
  readonly paths: Paths;
  readonly schemas: SchemaStore;
  readonly snapshot: SnapshotStore;
}

export class ZooKeeperExport implements ExportStore {
  readonly #tree: Tree;
  readonly #paths: Paths;
  readonly #schemas: SchemaStore;
  readonly #snapshot: SnapshotStore;

  constructor({ tree, paths, schemas, snapshot }: ExportParts) {
    this.#tree = tree;
    this.#paths = paths;
    this.#schemas = schemas;
    this.#snapshot = snapshot;
  }

  async read(): Promise<ExportDocument> {
    const nodes = await readValues(this.#tree, this.#paths, await this.#snapshot.latest());
    const document = { format, exportedAt: new Date().toISOString(), nodes } as const;
    this.check(document); // what cannot be imported is no export
    return document;
  }

  check({ nodes }: ExportDocument): readonly EndpointDocument[] {
    for (const [path, value] of Object.entries(nodes)) checkNode(this.#paths, nodeNameOf(path), value);
    checkSchemas(nodes);
    if (!('revision' in nodes) && Object.keys(nodes).some((path) => isDocumentFolder(nodeNameOf(path).folder)))
      throw new SyncError('CONFIG_INVALID', 'the export has documents and no revision; it was altered');
    return Object.entries(nodes).flatMap(([path, value]) => (nodeNameOf(path).folder === 'endpoints' ? [endpointSchema.parse(value)] : []));
  }

  async write(document: ExportDocument): Promise<Imported> {
    this.check(document);
    const { nodes } = document;
    this.#requireRoom(nodes, await readStored(this.#tree, this.#paths));
    const count = { written: 0, kept: 0 };
    for (const folder of persistentFolders) {
      const paths = Object.keys(nodes).filter((path) => nodeNameOf(path).folder === folder);
      const revision = paths.length > 0 && isDocumentFolder(folder) ? await this.#imported(nodes['revision']) : null;
      for (const path of paths.toSorted(byName)) {
        const written = await this.#create(path, nodes[path], revision);
        count[written ? 'written' : 'kept'] += 1;
      }
    }
    return count;
  }

  /** False: it is there, and may stay. */
  async #create(path: string, value: unknown, revision: number | null): Promise<boolean> {
    const nodeName = nodeNameOf(path);
    if (nodeName.folder === 'schemas/subjects') return this.#register(nodeName.name, subjectVersionSchema.parse(value).id);
    const full = `${this.#paths.root}/${pathOf(nodeName)}`;
    const data = bytesOf(nodeName, value);
    if (await (revision === null ? this.#tree.create(full, data) : this.#createDocument(full, data, revision))) return true;
    const node = await this.#tree.read(full);
    if (node && !mayStay(path, node.data, value)) throw conflict([path]);
    return false;
  }

  /** A document only while nobody has written since the import began. */
  async #createDocument(path: string, data: Buffer, revision: number): Promise<boolean> {
    const check: Operation = { type: 'check', path: this.#paths.revision, version: revision };
    const isOurs = async (): Promise<boolean> => (await this.#tree.readLatest(path))?.data.equals(data) === true;
    const refused = await this.#tree.commit([{ type: 'create', path, data }, check], isOurs);
    if (refused?.why === 'exists') return false;
    if (refused) throw interrupted();
    return true;
  }

  /** ZooKeeper's version of the node `revision` that was imported. */
  async #imported(value: unknown): Promise<number> {
    const node = await this.#tree.readLatest(this.#paths.revision);
    if (node?.data.equals(toBytes(value))) return node.stat.version;
    throw interrupted();
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
      return !schemaFolders.has(folder);
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

/** Versions of a subject in the order of their numbers. */
function byName(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function interrupted(): SyncError {
  return new SyncError('CONFIG_CONFLICT', 'somebody wrote the configuration while it was imported');
}

function conflict(paths: readonly string[]): SyncError {
  const more = paths.length > mostNamed ? ` and ${paths.length - mostNamed} more` : '';
  const named = `${paths.slice(0, mostNamed).join(', ')}${more}`;
  return new SyncError('CONFIG_CONFLICT', `an import needs an empty tree; there is ${named}`, { details: { there: named } });
}
