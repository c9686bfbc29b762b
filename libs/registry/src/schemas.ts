/**
 * The schema registry in ZooKeeper: schemas/ids/<id> holds a schema's text, schemas/subjects/<subject>/<version> the id. Both are created
 * once and never changed, so that two writers cannot give one id to two schemas, nor one version to two ids. Works while control is down.
 */
import { SyncError } from '@lutra/model';
import { z } from 'zod';
import { fromNode, toBytes } from './json.js';
import { decodeName } from './paths.js';
import type { Paths } from './paths.js';
import { nextSchemaId, schemaId } from './schema-id.js';
import type { Tree } from './tree.js';

export interface SubjectVersion {
  readonly id: number;
  readonly version: number;
  /** JSON text */
  readonly schema: string;
}

/** The part of Confluent's registry that we use. */
export interface SchemaStore {
  /** The id of the schema, now a version of the subject. The same text always gets the same id. */
  register(subject: string, schemaJson: string): Promise<number>;
  /** Null: the subject has no such schema. */
  idOf(subject: string, schemaJson: string): Promise<number | null>;
  /** The text as it was registered; null: unknown. */
  byId(id: number): Promise<string | null>;
  subjects(): Promise<readonly string[]>;
  /** Ascending; [] if there is no such subject. */
  versions(subject: string): Promise<readonly number[]>;
  version(subject: string, version: number | 'latest'): Promise<SubjectVersion | null>;
  /** Learns the latest version of each subject that begins so, to do without the registry later. Never throws. */
  prefetch?(prefix: string): Promise<void>;
}

export const subjectVersionSchema = z.strictObject({ id: z.int().min(1) });

export class ZooKeeperSchemas implements SchemaStore {
  readonly #tree: Tree;
  readonly #paths: Paths;
  readonly #firstId: (schemaJson: string) => number;

  /** `firstId` is replaced in tests of collisions. */
  constructor(tree: Tree, paths: Paths, firstId: (schemaJson: string) => number = schemaId) {
    this.#tree = tree;
    this.#paths = paths;
    this.#firstId = firstId;
  }

  async register(subject: string, schemaJson: string): Promise<number> {
    checkJson(subject, schemaJson);
    const id = await this.#giveId(schemaJson);
    for (;;) {
      const known = await this.#idsOf(subject);
      if ([...known.values()].includes(id)) return id;
      // Whoever creates a version has read all before it: of two that add the same schema, the second fails here and finds it.
      const version = Math.max(0, ...known.keys()) + 1;
      if (await this.#tree.create(`${this.#paths.subject(subject)}/${version}`, toBytes({ id }))) return id;
    }
  }

  async idOf(subject: string, schemaJson: string): Promise<number | null> {
    for (let id = this.#firstId(schemaJson); ; id = nextSchemaId(id)) {
      const text = await this.byId(id);
      if (text === null) return null;
      if (text === schemaJson) return [...(await this.#idsOf(subject)).values()].includes(id) ? id : null;
    }
  }

  async byId(id: number): Promise<string | null> {
    const node = await this.#tree.read(this.#paths.schemaId(id));
    return node && node.data.toString('utf8');
  }

  async subjects(): Promise<readonly string[]> {
    return (await this.#tree.children(this.#paths.subjects)).map(decodeName).toSorted();
  }

  async versions(subject: string): Promise<readonly number[]> {
    const names = await this.#tree.children(this.#paths.subject(subject));
    return names.map(Number).toSorted((a, b) => a - b);
  }

  async version(subject: string, version: number | 'latest'): Promise<SubjectVersion | null> {
    const number = version === 'latest' ? (await this.versions(subject)).at(-1) : version;
    if (number === undefined) return null;
    const node = await this.#tree.read(`${this.#paths.subject(subject)}/${number}`);
    if (!node) return null;
    const { id } = fromNode(subjectVersionSchema, node, `schema ${subject} version ${number}`).document;
    const schema = await this.byId(id);
    if (schema !== null) return { id, version: number, schema };
    throw new SyncError('SCHEMA_UNKNOWN', `schema ${id}, which version ${number} of ${subject} names, is missing`, {
      details: { subject, id },
    });
  }

  async #giveId(schemaJson: string): Promise<number> {
    const text = Buffer.from(schemaJson);
    for (let id = this.#firstId(schemaJson); ; id = nextSchemaId(id)) {
      if (await this.#tree.create(this.#paths.schemaId(id), text)) return id;
      if ((await this.byId(id)) === schemaJson) return id;
    }
  }

  async #idsOf(subject: string): Promise<ReadonlyMap<number, number>> {
    const versions = await this.versions(subject);
    const nodes = await this.#tree.readAll(versions.map((version) => `${this.#paths.subject(subject)}/${version}`));
    const ids = new Map<number, number>();
    for (const [at, node] of nodes.entries()) {
      const version = versions[at] ?? 0;
      if (node) ids.set(version, fromNode(subjectVersionSchema, node, `schema ${subject} version ${version}`).document.id);
    }
    return ids;
  }
}

/** Anything else would come back as another text than was hashed. */
function checkJson(subject: string, schemaJson: string): void {
  try {
    if (!schemaJson.isWellFormed()) throw new SyntaxError('a lone surrogate');
    JSON.parse(schemaJson);
  } catch (error) {
    throw new SyncError('CONFIG_INVALID', `a schema for ${subject} is not JSON`, { cause: error, details: { subject } });
  }
}
