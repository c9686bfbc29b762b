/**
 * What was not replicated because somebody wanted it so (libs/model's omission.ts), per endpoint, pipeline and channel. It outlives
 * processes, the topic's retention and a log that is made anew. A record of a log counts once, however often it is added: whoever takes
 * over adds again what the one before it may not have added any more.
 */
import { omissionsSchema, SyncError } from '@lutra/model';
import type { Confirmation, Omission, Omissions } from '@lutra/model';
import type { Node } from './connection.js';
import { fromNode, toBytes } from './json.js';
import type { Versioned } from './json.js';
import type { Operation } from './multi.js';
import type { Paths } from './paths.js';
import type { Tree } from './tree.js';

/** Whose omissions: `endpoint@a`, `pipeline@<uid>`, `channel@shop`. */
export type OmissionOwner = `${'endpoint' | 'pipeline' | 'channel'}@${string}`;

/** `record`: of the log; null where no record stands for it. */
export type NewOmission = Omit<Omission, 'n'> & { readonly record: { readonly log: string; readonly seq: number } | null };

export interface OmissionStore {
  read(owner: OmissionOwner): Promise<Versioned<Omissions> | null>;
  /** In the order of their records. What is counted already is passed over. */
  add(owner: OmissionOwner, omissions: readonly NewOmission[]): Promise<void>;
  /** All that there were when `version` was read. @throws SyncError CONFIG_CONFLICT if there are others since */
  confirm(owner: OmissionOwner, version: number, confirmation: { readonly channel: string } & Omit<Confirmation, 'n'>): Promise<void>;
  /** The same for a transaction; null: all are counted already. */
  adding(owner: OmissionOwner, omissions: readonly NewOmission[]): Promise<Operation | null>;
  /** All of them, for a transaction; null: there are none. */
  removing(owner: OmissionOwner): Promise<Operation | null>;
}

/** Kept one by one; of older ones only their number. */
const mostKept = 200;
const none: Omissions = { total: 0, log: '', seq: -1, last: [], confirmed: {} };

export class ZooKeeperOmissions implements OmissionStore {
  readonly #tree: Tree;
  readonly #paths: Paths;

  constructor(tree: Tree, paths: Paths) {
    this.#tree = tree;
    this.#paths = paths;
  }

  async read(owner: OmissionOwner): Promise<Versioned<Omissions> | null> {
    const node = await this.#tree.read(this.#paths.omissions(owner));
    return node && omissionsOf(owner, node);
  }

  async add(owner: OmissionOwner, omissions: readonly NewOmission[]): Promise<void> {
    const what = `the omissions of ${owner}`;
    await this.#tree.change(this.#paths.omissions(owner), { what, owner }, (node) => withOmissions(owner, node, omissions));
  }

  adding(owner: OmissionOwner, omissions: readonly NewOmission[]): Promise<Operation | null> {
    return this.#tree.changing(this.#paths.omissions(owner), (node) => withOmissions(owner, node, omissions));
  }

  async confirm(
    owner: OmissionOwner,
    version: number,
    { channel, ...rest }: { readonly channel: string } & Omit<Confirmation, 'n'>,
  ): Promise<void> {
    const found = await this.read(owner);
    if (found?.version === version) {
      const { total, confirmed } = found.document;
      const after = { ...found.document, confirmed: { ...confirmed, [channel]: { ...rest, n: total } } };
      if ((await this.#tree.write(this.#paths.omissions(owner), toBytes(after), version)) !== null) return;
    }
    throw new SyncError('CONFIG_CONFLICT', `the omissions of ${owner} are others than those that were read`, { details: { owner } });
  }

  async removing(owner: OmissionOwner): Promise<Operation | null> {
    const path = this.#paths.omissions(owner);
    const node = await this.#tree.read(path);
    return node && { type: 'remove', path, version: node.stat.version };
  }
}

function omissionsOf(owner: OmissionOwner, node: Node): Versioned<Omissions> {
  return fromNode(omissionsSchema, node, `omissions of ${owner}`);
}

/** null: nothing is new. */
function withOmissions(owner: OmissionOwner, node: Node | null, omissions: readonly NewOmission[]): Buffer | null {
  const before = node ? omissionsOf(owner, node).document : none;
  const after = omissions.reduce(withOmission, before);
  return after === before ? null : toBytes(after);
}

function withOmission(before: Omissions, { record, ...omission }: NewOmission): Omissions {
  if (record !== null && record.log === before.log && record.seq <= before.seq) return before;
  const total = before.total + 1;
  return { ...before, ...record, total, last: [...before.last, { n: total, ...omission }].slice(-mostKept) };
}
