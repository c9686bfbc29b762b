/** The documents of a snapshot, and the reads that the three kinds share. Versions travel as ETag and If-Match. */
import { SyncError, withDesired } from '@lutra/model';
import type { ChannelDocument, EndpointDocument, RegionDocument } from '@lutra/model';
import type { Entry, Registry, Snapshot } from '@lutra/registry';

export interface Versioned<T> {
  readonly document: T;
  readonly version: number;
}

export interface Configuration {
  readonly regions: readonly RegionDocument[];
  readonly endpoints: readonly EndpointDocument[];
  readonly channels: readonly ChannelDocument[];
}

export interface Documents {
  readonly region: RegionDocument;
  readonly endpoint: EndpointDocument;
  readonly channel: ChannelDocument;
}
export type Kind = keyof Documents;

type Entries<T> = ReadonlyMap<string, Entry<T>>;

const entriesOf: { readonly [K in Kind]: (snapshot: Snapshot) => Entries<Documents[K]> } = {
  region: ({ regions }) => regions,
  endpoint: ({ endpoints }) => endpoints,
  channel: channelsOf,
};

const joined = new WeakMap<Snapshot['channels'], { readonly desired: Snapshot['desired']; readonly channels: Entries<ChannelDocument> }>();

/** With what is wanted of them; the version is that of the document alone. */
function channelsOf({ channels, desired }: Snapshot): Entries<ChannelDocument> {
  const known = joined.get(channels);
  if (known?.desired === desired) return known.channels;
  const entries = [...channels].map(([name, entry]): [string, Entry<ChannelDocument>] => {
    const wanted = desired.get(name);
    const { version } = entry;
    const error = entry.error ?? wanted?.error;
    if (error || !entry.document) return [name, { version, document: null, error: error ?? entry.error! }];
    return [name, { version, document: withDesired(entry.document, wanted?.document ?? undefined), error: null }];
  });
  joined.set(channels, { desired, channels: new Map(entries) });
  return joined.get(channels)!.channels;
}

const configurations = new WeakMap<Snapshot, Configuration>();

/** Those that can be read; of one snapshot always the same object. */
export function configurationOf(snapshot: Snapshot): Configuration {
  const known = configurations.get(snapshot);
  if (known) return known;
  const [regions, endpoints, channels] = [validOf(snapshot, 'region'), validOf(snapshot, 'endpoint'), validOf(snapshot, 'channel')];
  const configuration = { regions, endpoints, channels };
  configurations.set(snapshot, configuration);
  return configuration;
}

function validOf<K extends Kind>(snapshot: Snapshot, kind: K): readonly Documents[K][] {
  return [...entriesOf[kind](snapshot).values()].flatMap(({ document }) => (document === null ? [] : [document]));
}

/** Names of those that cannot be read. */
export function invalidOf(snapshot: Snapshot, kind: Kind): readonly string[] {
  return [...entriesOf[kind](snapshot)].flatMap(([name, { error }]) => (error ? [name] : []));
}

export async function readConfiguration(registry: Pick<Registry, 'snapshot'>): Promise<Configuration> {
  return configurationOf(await registry.snapshot.known());
}

/** Those that can be read, sorted by name. */
export async function listDocuments<K extends Kind>(registry: Pick<Registry, 'snapshot'>, kind: K): Promise<readonly Documents[K][]> {
  return validOf(await registry.snapshot.known(), kind);
}

export interface Listed<T> {
  readonly documents: readonly T[];
  readonly invalid: readonly string[];
}

/** For who only looks: while ZooKeeper is away, as it was then. */
export async function listShown<K extends Kind>({ snapshot: store }: Pick<Registry, 'snapshot'>, kind: K): Promise<Listed<Documents[K]>> {
  const snapshot = store.remembered()?.snapshot ?? (await store.known());
  return { documents: validOf(snapshot, kind), invalid: invalidOf(snapshot, kind) };
}

/** @throws SyncError CONFIG_MISSING, CONFIG_INVALID */
export async function findDocument<K extends Kind>(registry: Pick<Registry, 'snapshot'>, kind: K, name: string) {
  return found(await registry.snapshot.known(), kind, name);
}

/** As `listShown`. @throws SyncError CONFIG_MISSING, CONFIG_INVALID */
export async function findShown<K extends Kind>({ snapshot: store }: Pick<Registry, 'snapshot'>, kind: K, name: string) {
  return found(store.remembered()?.snapshot ?? (await store.known()), kind, name);
}

/** Not older than what anybody had written before the call. @throws SyncError CONFIG_MISSING, CONFIG_INVALID */
export async function findLatest<K extends Kind>(registry: Pick<Registry, 'snapshot'>, kind: K, name: string) {
  return found(await registry.snapshot.latest(), kind, name);
}

/** @throws SyncError CONFIG_MISSING, CONFIG_INVALID */
export function found<K extends Kind>(snapshot: Snapshot, kind: K, name: string): Versioned<Documents[K]> {
  const { document, version, error } = entryOf(snapshot, kind, name);
  if (error) throw error;
  return { document, version };
}

function entryOf<K extends Kind>(snapshot: Snapshot, kind: K, name: string): Entry<Documents[K]> {
  const entry = entriesOf[kind](snapshot).get(name);
  if (entry) return entry;
  throw new SyncError('CONFIG_MISSING', `there is no ${kind} ${name}`, { details: { [kind]: name } });
}

/** @throws SyncError CONFIG_CONFLICT */
export function requireAbsent(snapshot: Snapshot, kind: Kind, name: string): void {
  if (!entriesOf[kind](snapshot).has(name)) return;
  throw new SyncError('CONFIG_CONFLICT', `${kind} ${name} exists already`, { details: { [kind]: name } });
}

/** The version that a writer has read; 'any' where it wrote `If-Match: *`. */
export type Precondition = number | 'any';

/** What a write is about, and the version that it was made for. */
export interface Write<K extends Kind = Kind> {
  readonly kind: K;
  readonly name: string;
  readonly ifMatch: Precondition;
}

/** @throws SyncError CONFIG_MISSING, CONFIG_INVALID; CONFIG_CONFLICT with `expectedVersion` in its details (HTTP 412) */
export function foundForWrite<K extends Kind>(snapshot: Snapshot, write: Write<K>): Versioned<Documents[K]> {
  const { document, version } = foundForRemoval(snapshot, write);
  return document === null ? found(snapshot, write.kind, write.name) : { document, version };
}

/**
 * A document that no longer has its shape (`document: null`) can be removed all the same: how else would one get rid of it.
 * @throws SyncError CONFIG_MISSING; CONFIG_CONFLICT with `expectedVersion` in its details (HTTP 412)
 */
export function foundForRemoval<K extends Kind>(snapshot: Snapshot, { kind, name, ifMatch }: Write<K>): Entry<Documents[K]> {
  const entry = entryOf(snapshot, kind, name);
  const { version } = entry;
  if (ifMatch === 'any' || ifMatch === version) return entry;
  throw new SyncError('CONFIG_CONFLICT', `${kind} ${name} is at version ${version} now; If-Match names ${ifMatch}`, {
    details: { [kind]: name, expectedVersion: ifMatch, version },
  });
}

/**
 * What cannot be read may name the document: it stays until that is fixed.
 * @throws SyncError CONFIG_CONFLICT
 */
export function requireReadable(snapshot: Snapshot, kind: Kind, change: string): void {
  const invalid = invalidOf(snapshot, kind);
  if (invalid.length === 0) return;
  const names = invalid.join(', ');
  const what = `${kind} ${names} cannot be read, so nobody can say whether the change fits: replace or remove it first`;
  throw new SyncError('CONFIG_CONFLICT', `${change}: ${what}`, { details: { invalid: names } });
}
