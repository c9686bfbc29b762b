/**
 * The shape of each kind of node that a backup holds: the schemas of the stores themselves, and what makes two nodes count as the same.
 */
import {
  apiTokenSchema,
  knownLevels,
  oidcSchema,
  omissionsSchema,
  parseDocument,
  preparedSchema,
  storedDocument,
  SyncError,
  treeRevisionSchema,
  userSchema,
} from '@lutra/model';
import { z } from 'zod';
import { documentKinds } from './document-kinds.js';
import type { DocumentTypes } from './document-kinds.js';
import { toBytes } from './json.js';
import { removedTablesSchema } from './removed-tables.js';
import { positionBackupSchema } from './position-backups.js';
import { checkUid, persistentFolders } from './paths.js';
import type { Paths, PersistentFolder } from './paths.js';
import { schemaId } from './schema-id.js';
import { subjectVersionSchema } from './schemas.js';
import { skipSchema } from './skips.js';
import { uidSchema } from './uids.js';

/** Where a node of the backup belongs. */
export interface NodeName {
  readonly folder: PersistentFolder;
  /** Relative to the folder; a subject's version has two parts; '' of a folder that is a node itself. */
  readonly name: string;
}

interface Kind {
  readonly noun: string;
  readonly schema: z.ZodType;
  /** @throws SyncError CONFIG_INVALID for a name that no store would have written */
  checkName(paths: Paths, name: string): unknown;
  /**
   * Whether what stands in the tree may stay. By default only the same bytes may. Work that has begun already moves its own nodes on: those
   * are newer than any backup.
   */
  stays?(there: unknown, wanted: unknown): boolean;
}

const documentName = /^[^/]+$/;
const versionName = /^([^/]+)\/([1-9]\d{0,8})$/;
const idName = /^[1-9]\d{0,9}$/;

const document = (kind: keyof DocumentTypes): Kind => {
  const { noun, schema } = documentKinds[kind];
  return { noun, schema, checkName: (_, name) => documentName.test(name) || refuse(noun, name) };
};

export const kinds: Readonly<Record<PersistentFolder, Kind>> = {
  'schemas/ids': {
    noun: 'schema',
    schema: z.string().min(2),
    checkName: (_, name) => (idName.test(name) && Number(name) < 2 ** 31) || refuse('schema', name),
  },
  'schemas/subjects': {
    noun: 'version of a subject',
    schema: subjectVersionSchema,
    checkName: (_, name) => versionName.test(name) || refuse('version of a subject', name),
  },
  logs: {
    noun: 'position backup',
    schema: positionBackupSchema,
    checkName: (paths, name) => paths.log(name),
    stays: (there, wanted) => positionBackupSchema.safeParse(there).data?.log === positionBackupSchema.parse(wanted).log,
  },
  uids: { noun: 'uid', schema: uidSchema, checkName: (paths, name) => paths.uid(checkUid(name)), stays: () => true },
  skips: { noun: 'skip order of pipeline', schema: skipSchema, checkName: (paths, name) => paths.skip(checkUid(name)) },
  'removed-tables': {
    noun: 'removed tables of pipeline',
    schema: removedTablesSchema,
    checkName: (paths, name) => paths.removedTables(checkUid(name)),
  },
  // Only the same one may stay: a tree in which something was written since has a greater number.
  revision: {
    noun: 'revision of the configuration',
    schema: treeRevisionSchema,
    checkName: (_, name) => name === '' || refuse('revision', name),
  },
  omissions: {
    noun: 'omissions',
    schema: omissionsSchema,
    checkName: (paths, name) => paths.omissions(name),
    stays: () => true,
  },
  // What was done on a server since is known better there.
  prepared: {
    noun: 'preparation of endpoint',
    schema: preparedSchema,
    checkName: (paths, name) => paths.prepared(name),
    stays: () => true,
  },
  // Whoever is there stays: the first admin of a new tree is the one who imports.
  'access/users': {
    noun: 'user',
    schema: userSchema,
    checkName: (paths, name) => paths.access('access/users', name),
    stays: () => true,
  },
  'access/tokens': {
    noun: 'API token',
    schema: apiTokenSchema,
    checkName: (paths, name) => paths.access('access/tokens', name),
    stays: () => true,
  },
  // What is there stays: who imports logged in by it, or by none.
  'access/oidc': {
    noun: 'login by OIDC',
    schema: oidcSchema,
    checkName: (_, name) => name === 'login' || refuse('login by OIDC', name),
    stays: () => true,
  },
  regions: document('regions'),
  endpoints: document('endpoints'),
  desired: document('desired'),
  channels: document('channels'),
};

/** Below the root. */
export function pathOf({ folder, name }: NodeName): string {
  return name === '' ? folder : `${folder}/${name}`;
}

/** @throws SyncError CONFIG_INVALID */
export function nodeNameOf(path: string): NodeName {
  if (path === 'revision') return { folder: path, name: '' };
  const folder = persistentFolders.find((candidate) => path.startsWith(`${candidate}/`));
  if (folder) return { folder, name: path.slice(folder.length + 1) };
  throw new SyncError('CONFIG_INVALID', `the backup names ${JSON.stringify(path.slice(0, 200))}, which this version does not keep`);
}

/** @throws SyncError CONFIG_INVALID with the kind, the name and the field */
export function checkNode(paths: Paths, { folder, name }: NodeName, value: unknown): void {
  const kind = kinds[folder];
  kind.checkName(paths, name);
  const parsed: unknown = parseDocument(kind.schema, value, `${kind.noun} ${name}`);
  if (folder === 'access/tokens') return requireName(kind.noun, name, apiTokenSchema.parse(value).id);
  if (!(kind.schema instanceof z.ZodObject) || !('name' in kind.schema.shape)) return;
  requireName(kind.noun, name, (parsed as { readonly name: string }).name);
}

function requireName(noun: string, name: string, own: string): void {
  if (own !== name) throw new SyncError('CONFIG_INVALID', `${noun} ${name}: name: is ${own}`);
}

/** Bytes as the stores write them: a schema's text counts to the byte, a document has no defaults, all else is JSON. */
export function bytesOf({ folder, name }: NodeName, value: unknown): Buffer {
  if (folder === 'schemas/ids') return Buffer.from(String(value));
  return toBytes(isDocumentFolder(folder) ? asStored(folder, name, value) : value);
}

/** Where documents are that a snapshot holds, at one revision. */
export const documentFolders = Object.keys(documentKinds) as readonly (keyof DocumentTypes)[];

export function isDocumentFolder(folder: PersistentFolder): folder is keyof DocumentTypes {
  return (documentFolders as readonly PersistentFolder[]).includes(folder);
}

/** @throws SyncError CONFIG_INVALID: it has not its shape, or a field of a later level than `level` */
export function asStored(folder: keyof DocumentTypes, name: string, value: unknown, level: number = knownLevels.max): unknown {
  const { noun, schema }: { readonly noun: string; readonly schema: z.ZodType } = documentKinds[folder];
  const what = `${noun} ${name}`;
  return storedDocument(schema, parseDocument(schema, value, what), { what, level });
}

/**
 * An id is its text's hash, or follows ids that other texts have taken: else a schema could be given a second id, or one id to two schemas.
 * @throws SyncError CONFIG_INVALID
 */
export function checkSchemas(nodes: Readonly<Record<string, unknown>>): void {
  for (const [path, value] of Object.entries(nodes)) {
    const { folder, name } = nodeNameOf(path);
    if (folder === 'schemas/subjects') requireSchema(nodes, name, subjectVersionSchema.parse(value).id);
    if (folder !== 'schemas/ids') continue;
    const taken = (id: number): boolean => typeof nodes[`schemas/ids/${id}`] === 'string' && nodes[`schemas/ids/${id}`] !== value;
    let id = schemaId(String(value));
    while (id !== Number(name) && taken(id)) id += 1;
    if (id !== Number(name)) throw new SyncError('CONFIG_INVALID', `schema ${name}: its text has another id; it was altered`);
  }
}

function requireSchema(nodes: Readonly<Record<string, unknown>>, version: string, id: number): void {
  if (typeof nodes[`schemas/ids/${id}`] === 'string') return;
  throw new SyncError('CONFIG_INVALID', `version of a subject ${version}: schema ${id} is not in the backup`);
}

function refuse(noun: string, name: string): never {
  throw new SyncError('CONFIG_INVALID', `a ${noun} cannot be named ${JSON.stringify(name.slice(0, 200))}`);
}
