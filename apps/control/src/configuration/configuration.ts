/** All documents at one moment, and the reads and writes that the three kinds share. Versions travel as ETag and If-Match. */
import { SyncError, toSyncError } from '@lutra/model';
import type { ChannelDocument, EndpointDocument, RegionDocument } from '@lutra/model';
import type { DocumentStore, Registry } from '@lutra/registry';

export interface Versioned<T> {
  readonly document: T;
  readonly version: number;
}

export interface Configuration {
  readonly regions: readonly RegionDocument[];
  readonly endpoints: readonly EndpointDocument[];
  readonly channels: readonly ChannelDocument[];
}

export async function readConfiguration(registry: Registry): Promise<Configuration> {
  const [regions, endpoints, channels] = await Promise.all([
    listDocuments(registry.regions),
    listDocuments(registry.endpoints),
    listDocuments(registry.channels),
  ]);
  return { regions, endpoints, channels };
}

type Named = { readonly name: string };

export async function listDocuments<T extends Named>(store: DocumentStore<T>): Promise<readonly T[]> {
  const found = await store.list();
  return found.map(({ document }) => document).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** @throws SyncError CONFIG_MISSING */
export async function findDocument<T extends Named>(store: DocumentStore<T>, kind: string, name: string): Promise<Versioned<T>> {
  return foundOr(await store.get(name), kind, name);
}

/** Not older than what anybody had written before the call. @throws SyncError CONFIG_MISSING */
export async function findLatest<T extends Named>(store: DocumentStore<T>, kind: string, name: string): Promise<Versioned<T>> {
  return foundOr(await store.latest(name), kind, name);
}

function foundOr<T>(found: T | null, kind: string, name: string): T {
  if (found) return found;
  throw new SyncError('CONFIG_MISSING', `there is no ${kind} ${name}`, { details: { [kind]: name } });
}

export async function createDocument<T extends Named>(store: DocumentStore<T>, kind: string, document: T): Promise<Versioned<T>> {
  if (await store.get(document.name)) {
    throw new SyncError('CONFIG_CONFLICT', `${kind} ${document.name} exists already`, { details: { [kind]: document.name } });
  }
  return { document, version: await store.create(document) };
}

/** The version that a writer has read; 'any' where it wrote `If-Match: *`. */
export type Precondition = number | 'any';

/** What a write is about, and the version that it was made for. */
export interface Write {
  readonly kind: string;
  readonly name: string;
  readonly ifMatch: Precondition;
}

/** @throws SyncError CONFIG_MISSING; CONFIG_CONFLICT with `expectedVersion` in its details (HTTP 412) */
export async function findForWrite<T extends Named>(store: DocumentStore<T>, { kind, name, ifMatch }: Write): Promise<Versioned<T>> {
  const found = await findDocument(store, kind, name);
  if (ifMatch !== 'any' && ifMatch !== found.version) throw versionConflict({ kind, name, ifMatch }, found.version);
  return found;
}

/**
 * The version to remove. A document that no longer has its shape (`document: null`) can be removed all the same: how else would one get rid
 * of it.
 * @throws SyncError CONFIG_MISSING; CONFIG_CONFLICT with `expectedVersion` in its details (HTTP 412)
 */
export async function findForRemoval<T extends Named>(
  store: DocumentStore<T>,
  write: Write,
): Promise<{ readonly document: T | null; readonly version: number }> {
  try {
    return await findForWrite(store, write);
  } catch (error) {
    const { code, details } = toSyncError(error);
    const { version } = details;
    if (code !== 'CONFIG_INVALID' || typeof version !== 'number') throw error;
    if (write.ifMatch !== 'any' && write.ifMatch !== version) throw versionConflict(write, version);
    return { document: null, version };
  }
}

/** Writes over exactly the version that was found. */
export async function replaceDocument<T extends Named>(
  store: DocumentStore<T>,
  write: Write,
  document: T,
  version: number,
): Promise<Versioned<T>> {
  return { document, version: await store.replace(document.name, document, version).catch((error: unknown) => raced(write, error)) };
}

export async function removeDocument<T extends Named>(store: DocumentStore<T>, write: Write, version: number): Promise<void> {
  await store.remove(write.name, version).catch((error: unknown) => raced(write, error));
}

function raced(write: Write, error: unknown): never {
  const known = toSyncError(error);
  throw known.code === 'CONFIG_CONFLICT' ? versionConflict(write, null) : known;
}

function versionConflict({ kind, name, ifMatch }: Write, version: number | null): SyncError {
  const now = version === null ? 'changed meanwhile' : `is at version ${version} now`;
  return new SyncError('CONFIG_CONFLICT', `${kind} ${name} ${now}; If-Match names ${ifMatch}`, {
    details: { [kind]: name, expectedVersion: ifMatch, version },
  });
}
