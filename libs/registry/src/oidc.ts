/** The login by an identity provider in ZooKeeper: one document, and its client secret, bound to the issuer and the client. */
import { oidcSchema, SyncError } from '@lutra/model';
import type { OidcDocument, OidcInput, SealedSecret } from '@lutra/model';
import { fromNode, toBytes } from './json.js';
import type { Versioned } from './json.js';
import type { Keyring } from './keyring.js';
import type { Paths } from './paths.js';
import { changedPurpose, openSecret, resealed, sealSecret } from './secret.js';
import type { Purpose, StoredSecret } from './secret.js';
import type { Tree } from './tree.js';

export interface OidcStore {
  /** Not older than what anybody had written before the call. @throws SyncError CONFIG_INVALID when it is damaged */
  latest(): Promise<Versioned<OidcDocument> | null>;
  /** Null: there is one already. */
  create(document: OidcDocument): Promise<number | null>;
  /** The new version; null: it has another one, or is gone. */
  replace(document: OidcDocument, version: number): Promise<number | null>;
  remove(version: number | undefined): Promise<'removed' | 'absent' | 'changed'>;
}

export class ZooKeeperOidc implements OidcStore {
  readonly #tree: Tree;
  readonly #path: string;

  constructor(tree: Tree, paths: Paths) {
    this.#tree = tree;
    this.#path = paths.oidc;
  }

  async latest(): Promise<Versioned<OidcDocument> | null> {
    const node = await this.#tree.readLatest(this.#path);
    return node && fromNode(oidcSchema, node, 'the login by OIDC');
  }

  async create(document: OidcDocument): Promise<number | null> {
    return (await this.#tree.create(this.#path, toBytes(document))) ? 0 : null;
  }

  replace(document: OidcDocument, version: number): Promise<number | null> {
    return this.#tree.write(this.#path, toBytes(document), version);
  }

  remove(version: number | undefined): Promise<'removed' | 'absent' | 'changed'> {
    return this.#tree.remove(this.#path, version);
  }
}

type Client = Pick<OidcDocument, 'issuer' | 'clientId'>;

function purposeOf({ issuer, clientId }: Client): Purpose {
  return { kind: 'oidc', name: 'login', field: 'clientSecret', to: { issuer, clientId } };
}

/**
 * Undefined: none. One that is left out is the stored one.
 * @throws SyncError CONFIG_INVALID: the stored one was given for another issuer or client
 */
export function sealClientSecret(keyring: Keyring, input: OidcInput, stored: OidcDocument | null): SealedSecret | undefined {
  const purpose = purposeOf(input);
  if (input.clientSecret === null) return undefined;
  if (input.clientSecret !== undefined) return sealSecret(keyring, input.clientSecret, purpose);
  if (!stored?.clientSecret) return undefined;
  const changed = changedPurpose(purposeOf(stored), purpose);
  if (changed.length === 0) return stored.clientSecret;
  throw new SyncError('CONFIG_INVALID', `clientSecret: required, for the stored one was given for another ${changed.join(' and ')}`);
}

/** Undefined: none. @throws SyncError SECRET_UNREADABLE, SECRET_MISSING */
export function openClientSecret(keyring: Keyring, document: OidcDocument): string | undefined {
  return document.clientSecret && openSecret(keyring, document.clientSecret, purposeOf(document));
}

/** @throws SyncError SECRET_UNREADABLE */
export function resealedOidc(keyring: Keyring, document: OidcDocument): OidcDocument {
  const { clientSecret } = document;
  return clientSecret ? { ...document, clientSecret: resealed(keyring, clientSecret, purposeOf(document)) } : document;
}

export function secretsOfOidc(document: OidcDocument): readonly StoredSecret[] {
  return document.clientSecret ? [{ secret: document.clientSecret, purpose: purposeOf(document) }] : [];
}
