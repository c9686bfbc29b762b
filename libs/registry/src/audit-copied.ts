/** Up to which revision the changes of the configuration stand in the audit topic. Who writes it has read what it replaces. */
import { z } from 'zod';
import { fromNode, toBytes } from './json.js';
import type { Versioned } from './json.js';
import type { Paths } from './paths.js';
import type { Tree } from './tree.js';

const copiedSchema = z.strictObject({
  revision: z.int().min(0),
  /** ms since 1970 */
  at: z.int().min(0),
});
export type AuditCopied = Readonly<z.infer<typeof copiedSchema>>;

export interface AuditCopiedStore {
  /** null: nothing was copied yet. One that cannot be read says the same: what is copied again is known by its ids. */
  read(): Promise<Versioned<AuditCopied> | null>;
  /** False: another has written since; nothing changes. `version` null: there is none. */
  write(copied: AuditCopied, version: number | null): Promise<boolean>;
}

export class ZooKeeperAuditCopied implements AuditCopiedStore {
  readonly #tree: Tree;
  readonly #path: string;

  constructor(tree: Tree, paths: Paths) {
    this.#tree = tree;
    this.#path = paths.auditCopied;
  }

  async read(): Promise<Versioned<AuditCopied> | null> {
    const node = await this.#tree.readLatest(this.#path);
    if (!node) return null;
    try {
      return fromNode(copiedSchema, node, 'how far the audit was copied');
    } catch {
      return { document: { revision: 0, at: 0 }, version: node.stat.version };
    }
  }

  async write(copied: AuditCopied, version: number | null): Promise<boolean> {
    const data = toBytes(copied);
    return version === null ? this.#tree.create(this.#path, data) : (await this.#tree.write(this.#path, data, version)) !== null;
  }
}
