/** The ZooKeeper tree, in one place; docs/formats.md describes it. A name that is not safe in a path never gets into one. */
import { nameSchema, pipelineUidSchema, randomIdSchema, SyncError } from '@lutra/model';
import type { PipelineUid, WorkStatus } from '@lutra/model';
import type { DocumentTypes, HistoricKind } from './document-kinds.js';

export const defaultRoot = '/lutra';

/**
 * What must outlive the loss of ZooKeeper, in the order in which an import writes it. Channels come late, because work begins with them.
 * The revision comes last, because apps at work follow the tree from then on: half of it would end the other half's work. Who keeps more
 * there adds its folder here and its shape to backup-kinds.ts. Leases and status are of living processes and stay out. So do `restarts`: an
 * order in an old backup may have been carried out since, and would be a second time, with transactions left out that nobody meant. So does
 * `history`: an import begins a new one.
 */
export const persistentFolders = [
  'schemas/ids',
  'schemas/subjects',
  'logs',
  'uids',
  'skips',
  'removed-tables',
  'omissions',
  'prepared',
  'access/users',
  'access/tokens',
  'access/oidc',
  'regions',
  'endpoints',
  'desired',
  'channels',
  'revision',
] as const;
export type PersistentFolder = (typeof persistentFolders)[number];

export const orderFolders = [
  'seeds',
  'seed-progress',
  'verifications',
  'verification-results',
  'barriers',
  'operations',
  'prepared',
] as const;
export type OrderFolder = (typeof orderFolders)[number];

/** People; `used`: when tokens were last used. */
export type AccessFolder = 'access/users' | 'access/tokens' | 'access/used';

const segment = '(?!\\.{1,2}(?:/|$))[A-Za-z0-9._-]{1,200}';
const rootPattern = new RegExp(`^(?:/${segment})+$`);
const leasePattern = new RegExp(`^${segment}(?:/${segment})*$`);
const namePattern = new RegExp(`^${segment}$`);

export class Paths {
  readonly #root: string;

  /** @throws SyncError CONFIG_INVALID */
  constructor(root: string) {
    if (!rootPattern.test(root)) throw invalid('the root in ZooKeeper', root);
    this.#root = root;
  }

  get root(): string {
    return this.#root;
  }

  get revision(): string {
    return `${this.#root}/revision`;
  }

  documents(kind: keyof DocumentTypes): string {
    return `${this.#root}/${kind}`;
  }

  document(kind: keyof DocumentTypes, name: string): string {
    return `${this.#root}/${kind}/${checkName(name)}`;
  }

  historyOf(kind: HistoricKind): string {
    return `${this.#root}/history/${kind}`;
  }

  history(kind: HistoricKind, name: string): string {
    return `${this.#root}/history/${kind}/${checkName(name)}`;
  }

  get auditCopied(): string {
    return `${this.#root}/access/audit-copied`;
  }

  get statuses(): string {
    return `${this.#root}/status`;
  }

  get workers(): string {
    return `${this.#root}/workers`;
  }

  /** Of a process in one session, by its id in hex. */
  worker({ app, instance }: { readonly app: string; readonly instance: string }, session: string): string {
    return `${this.workers}/${encodeName(`${app}@${instance}@${session}`)}`;
  }

  /** A folder, as an export wants it, with one node. */
  get oidc(): string {
    return `${this.#root}/access/oidc/login`;
  }

  get level(): string {
    return `${this.#root}/level`;
  }

  get leases(): string {
    return `${this.#root}/leases`;
  }

  get schemaIds(): string {
    return `${this.#root}/schemas/ids`;
  }

  get subjects(): string {
    return `${this.#root}/schemas/subjects`;
  }

  folder(folder: PersistentFolder): string {
    return `${this.#root}/${folder}`;
  }

  lease(path: string): string {
    if (!leasePattern.test(path)) throw invalid('the name of a lease', path);
    return `${this.leases}/${path}`;
  }

  log(endpoint: string): string {
    return `${this.#root}/logs/${checkName(endpoint)}`;
  }

  uid(uid: PipelineUid): string {
    return `${this.#root}/uids/${checkUid(uid)}`;
  }

  skip(uid: PipelineUid): string {
    return `${this.#root}/skips/${checkUid(uid)}`;
  }

  removedTables(uid: PipelineUid): string {
    return `${this.#root}/removed-tables/${checkUid(uid)}`;
  }

  /** Of `endpoint@<name>`, `pipeline@<uid>` or `channel@<name>`. */
  omissions(owner: string): string {
    const [kind = '', name = '', ...rest] = owner.split('@');
    const isKnown = rest.length === 0 && ['endpoint', 'pipeline', 'channel'].includes(kind);
    if (!isKnown || !namePattern.test(name)) throw invalid('the owner of omissions', owner);
    return `${this.#root}/omissions/${owner}`;
  }

  get restarts(): string {
    return `${this.#root}/restarts`;
  }

  restart(endpoint: string): string {
    return `${this.restarts}/${checkName(endpoint)}`;
  }

  /** Folders of orders and of what becomes of them: by pipeline uid (seeds), channel (verifications), endpoint (prepared). */
  orders(folder: OrderFolder): string {
    return `${this.#root}/${folder}`;
  }

  /** What was done on the server of an endpoint. */
  prepared(endpoint: string): string {
    return `${this.orders('prepared')}/${checkName(endpoint)}`;
  }

  accessFolder(folder: AccessFolder): string {
    return `${this.#root}/${folder}`;
  }

  /** By the name of a user, or the id of a token. */
  access(folder: AccessFolder, name: string): string {
    return `${this.accessFolder(folder)}/${checkName(name)}`;
  }

  status(status: Pick<WorkStatus, 'app' | 'name' | 'instance'>): string {
    return `${this.statuses}/${encodeName(`${status.app}@${status.name}@${status.instance}`)}`;
  }

  schemaId(id: number): string {
    return `${this.schemaIds}/${id}`;
  }

  subject(subject: string): string {
    return `${this.subjects}/${encodeName(subject)}`;
  }
}

/** The name of a document as it may stand in a path. */
export function checkName(name: string): string {
  if (!nameSchema.safeParse(name).success) throw invalid('a name', name);
  return name;
}

/** An id that Lutra made, as it may stand in a path. */
export function checkRandomId(id: string): string {
  if (!randomIdSchema.safeParse(id).success) throw invalid('an id', id);
  return id;
}

/** A uid as it may stand in a path. */
export function checkUid(uid: string): PipelineUid {
  const checked = pipelineUidSchema.safeParse(uid);
  if (checked.success) return checked.data;
  throw invalid('the uid of a pipeline', uid);
}

/** Any text as the name of one node: percent-encoded, but readable in the common case. */
export function encodeName(text: string): string {
  if (text === '' || !text.isWellFormed()) throw invalid('a name', text);
  const encoded = encodeURIComponent(text).replaceAll('%3A', ':').replaceAll('%40', '@');
  return /^\.{1,2}$/.test(encoded) ? encoded.replaceAll('.', '%2E') : encoded;
}

export function decodeName(name: string): string {
  return decodeURIComponent(name);
}

function invalid(what: string, text: string): SyncError {
  return new SyncError('CONFIG_INVALID', `${what} cannot be ${JSON.stringify(text.slice(0, 200))}`);
}
