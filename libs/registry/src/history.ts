/**
 * What each write of the configuration replaced. A node has the number of the revision that the write made, and the document as it was
 * before: what the write made of it is in the next newer node, or is the document itself. Secrets are never in it.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { randomIdSchema, sealedSecretSchema, toSyncError, SyncError } from '@lutra/model';
import type { Logger } from '@lutra/telemetry';
import { z } from 'zod';
import type { Node } from './connection.js';
import { historicKinds } from './document-kinds.js';
import type { HistoricKind } from './document-kinds.js';
import { fromNode, toBytes } from './json.js';
import { anyVersion } from './multi.js';
import type { Operation } from './multi.js';
import type { Paths } from './paths.js';
import type { Tree } from './tree.js';

export const historySchema = z.strictObject({
  /** null: it was created. */
  before: z.record(z.string(), z.unknown()).nullable(),
  /** Id of the write, as in the revision. */
  write: randomIdSchema,
  by: z.string(),
  /** ms since 1970 */
  at: z.int().min(0),
  /** Address of whoever asked for it. */
  from: z.string(),
  reason: z.string(),
});
export type HistoryEntry = z.infer<typeof historySchema> & { readonly revision: number };

export interface ChangedDocument {
  readonly kind: HistoricKind;
  readonly name: string;
  /** All that is kept and can be read, newest first. */
  readonly entries: readonly HistoryEntry[];
}

export interface HistoryStore {
  /** Newest first. */
  list(kind: HistoricKind, name: string): Promise<readonly HistoryEntry[]>;
  /** Each document that a write after `revision` changed, also one that is gone. An entry that cannot be read is left out, and logged. */
  changedSince(revision: number): Promise<readonly ChangedDocument[]>;
  /** Of documents that were removed before `time` (ms since 1970). Resolves with how many documents that were. */
  discardRemoved(time: number): Promise<number>;
}

/** Of one document. */
export const mostKept = 20;
/** Folders that are looked into at the same time. */
const looksAtOnce = 50;
/** Documents have 1 MB at most. */
const mostUnpacked = 4 * 1024 * 1024;
const revisionName = /^[1-9]\d{0,15}$/;

export class ZooKeeperHistory implements HistoryStore {
  readonly #tree: Tree;
  readonly #paths: Paths;
  readonly #logger: Logger;

  constructor(tree: Tree, paths: Paths, logger: Logger) {
    this.#tree = tree;
    this.#paths = paths;
    this.#logger = logger;
  }

  async list(kind: HistoricKind, name: string): Promise<readonly HistoryEntry[]> {
    const path = this.#paths.history(kind, name);
    const revisions = (await this.#revisions(path)).toReversed();
    const nodes = await this.#tree.readAll(revisions.map((revision) => `${path}/${revision}`));
    // A node that is gone was the oldest one until now.
    return nodes.flatMap((node, at) => (node ? [{ ...unpacked(node, `${path}/${revisions[at]}`), revision: revisions[at] ?? 0 }] : []));
  }

  async changedSince(revision: number): Promise<readonly ChangedDocument[]> {
    const changed: ChangedDocument[] = [];
    for (const kind of historicKinds) {
      const names = await this.#tree.children(this.#paths.historyOf(kind));
      for (let at = 0; at < names.length; at += looksAtOnce) {
        const looked = names.slice(at, at + looksAtOnce).map((name) => this.#changedDocument(kind, name, revision));
        changed.push(...(await Promise.all(looked)).filter((document) => document !== null));
      }
    }
    return changed;
  }

  async #changedDocument(kind: HistoricKind, name: string, revision: number): Promise<ChangedDocument | null> {
    const path = `${this.#paths.historyOf(kind)}/${name}`;
    const revisions = await this.#revisions(path);
    if ((revisions.at(-1) ?? 0) <= revision) return null;
    const nodes = await this.#tree.readAll(revisions.map((one) => `${path}/${one}`));
    const entries = nodes.flatMap((node, index) => {
      const one = revisions[index] ?? 0;
      const entry = node && this.#readable(node, `${path}/${one}`);
      return entry ? [{ ...entry, revision: one }] : [];
    });
    return { kind, name, entries: entries.toReversed() };
  }

  /** Of one write: its entry, and the oldest ones. Numbers that the write does not follow are of a tree that has lost its revision. */
  async operations(kind: HistoricKind, name: string, entry: HistoryEntry): Promise<readonly Operation[]> {
    const path = this.#paths.history(kind, name);
    const { revision, ...content } = entry;
    const known = await this.#revisions(path);
    const kept = new Set(known.filter((one) => one < revision).slice(1 - mostKept));
    const removed = known.filter((one) => !kept.has(one));
    return [
      ...removed.map((one): Operation => ({ type: 'remove', path: `${path}/${one}`, version: anyVersion })),
      { type: 'create', path: `${path}/${revision}`, data: packed(content) },
    ];
  }

  async discardRemoved(time: number): Promise<number> {
    let discarded = 0;
    for (const kind of historicKinds) {
      const there = new Set(await this.#tree.children(this.#paths.documents(kind)));
      const names = await this.#tree.children(this.#paths.historyOf(kind));
      for (const name of names.filter((candidate) => !there.has(candidate))) {
        if (await this.#discard(`${this.#paths.historyOf(kind)}/${name}`, time)) discarded += 1;
      }
    }
    return discarded;
  }

  /** By number: what a document that is created meanwhile writes stays. */
  async #discard(path: string, time: number): Promise<boolean> {
    const revisions = await this.#revisions(path);
    const newest = revisions.at(-1);
    const node = newest === undefined ? null : await this.#tree.read(`${path}/${newest}`);
    if (node && this.#timeOf(node, `${path}/${newest}`) >= time) return false;
    for (const revision of revisions) await this.#tree.remove(`${path}/${revision}`);
    await this.#tree.removeEmpty(path);
    return true;
  }

  /** A node that cannot be read is as old as any. */
  #timeOf(node: Node, path: string): number {
    return this.#readable(node, path)?.at ?? 0;
  }

  #readable(node: Node, path: string): z.infer<typeof historySchema> | null {
    try {
      return unpacked(node, path);
    } catch (error) {
      this.#logger.warn({ err: toSyncError(error) }, 'an entry of the history cannot be read');
      return null;
    }
  }

  /** Ascending. */
  async #revisions(path: string): Promise<readonly number[]> {
    const names = await this.#tree.children(path);
    return names
      .filter((name) => revisionName.test(name))
      .map(Number)
      .toSorted((a, b) => a - b);
  }
}

/** A copy in which "(secret)" stands where a sealed secret was, however deep. */
export function withoutSecrets(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (sealedSecretSchema.safeParse(value).success) return '(secret)';
  if (Array.isArray(value)) return value.map(withoutSecrets);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withoutSecrets(part)]));
}

function packed(entry: z.infer<typeof historySchema>): Buffer {
  return gzipSync(toBytes(entry));
}

/** @throws SyncError CONFIG_INVALID */
function unpacked(node: Node, path: string): z.infer<typeof historySchema> {
  let data: Buffer;
  try {
    data = gunzipSync(node.data, { maxOutputLength: mostUnpacked });
  } catch (cause) {
    throw new SyncError('CONFIG_INVALID', `${path}: not gzip`, { cause, details: { document: path, version: node.stat.version } });
  }
  return fromNode(historySchema, { ...node, data }, path).document;
}
