/**
 * Every pipeline that there is and that there was, by its uid. It says three things that no document says:
 *
 * 1. The pipeline had a checkpoint row (`begunAt`). If the row is missing then, it was lost, and starting anew would apply everything
 *    twice.
 * 2. The pipeline was removed, and as what: another one may adopt its position if it has the same ends and routes. By the revisions it is
 *    told which other pipelines may have brought the same rows to the target since; clocks of two controls would not tell.
 * 3. Its row was given another owner since (`fencedAt`), so that a loader of it that slept cannot write any more.
 */
import { nameSchema, pipelineUidSchema, replicationFingerprint, toSyncError } from '@lutra/model';
import type { PipelineInput, PipelineUid } from '@lutra/model';
import { z } from 'zod';
import type { Node } from './connection.js';
import { fromNode, toBytes } from './json.js';
import type { Operation } from './multi.js';
import type { Paths } from './paths.js';
import type { Tree } from './tree.js';

const ms = z.int().min(0);

/** What the pipeline is; of one that was removed, what it was. */
const facts = {
  channel: nameSchema,
  pipeline: nameSchema,
  source: nameSchema,
  target: nameSchema,
  /** Of its routes. */
  fingerprint: z.string().min(1),
};

export const uidSchema = z.strictObject({
  ...facts,
  createdAt: ms,
  /** Revision of the configuration in which it was created, or its ends or routes were changed. */
  changedIn: z.int().min(0),
  /** A row in lutra.checkpoint was made. Absent: none was. */
  begunAt: ms.optional(),
  removedAt: ms.optional(),
  /** Revision of the configuration in which it was removed. */
  removedIn: z.int().min(0).optional(),
  /** After its removal. */
  fencedAt: ms.optional(),
});
export type UidEntry = Readonly<z.infer<typeof uidSchema>>;
export type PipelineFacts = Pick<UidEntry, keyof typeof facts>;

export function factsOf(channel: string, pipeline: Omit<PipelineInput, 'uid' | 'adopt'>): PipelineFacts {
  const { name, source, target } = pipeline;
  return { channel, pipeline: name, source, target, fingerprint: replicationFingerprint(pipeline) };
}

export interface UidStore {
  read(uid: PipelineUid): Promise<UidEntry | null>;
  /** @throws SyncError CONFIG_INVALID for a damaged one */
  all(): Promise<ReadonlyMap<PipelineUid, UidEntry>>;
  /** All but damaged ones. */
  readable(): Promise<ReadonlyMap<PipelineUid, UidEntry>>;
  /**
   * For the transaction that makes `revision`, of a pipeline that is created, or that adopts it, or whose facts change; null: nothing
   * changes. `begun`: it has a checkpoint row also where there is no entry.
   */
  keeping(uid: PipelineUid, pipeline: PipelineFacts, of: { readonly revision: number; readonly begun: boolean }): Promise<Operation | null>;
  /** For the transaction that makes `revision`. */
  removing(uid: PipelineUid, pipeline: PipelineFacts, revision: number): Promise<Operation | null>;
  /** It has a checkpoint row. `pipeline`: where ZooKeeper has lost the entry. */
  begin(uid: PipelineUid, pipeline: PipelineFacts): Promise<void>;
  /** Nothing happens if another pipeline has adopted it meanwhile. */
  fenced(uid: PipelineUid): Promise<void>;
}

type Change = (known: UidEntry | null) => UidEntry | null;

export class ZooKeeperUids implements UidStore {
  readonly #tree: Tree;
  readonly #paths: Paths;

  constructor(tree: Tree, paths: Paths) {
    this.#tree = tree;
    this.#paths = paths;
  }

  async read(uid: PipelineUid): Promise<UidEntry | null> {
    return entryOf(uid, await this.#tree.read(this.#paths.uid(uid)));
  }

  all(): Promise<ReadonlyMap<PipelineUid, UidEntry>> {
    return this.#entries(entryOf);
  }

  readable(): Promise<ReadonlyMap<PipelineUid, UidEntry>> {
    return this.#entries((uid, node) => {
      try {
        return entryOf(uid, node);
      } catch (error) {
        if (toSyncError(error).code !== 'CONFIG_INVALID') throw error;
        return null;
      }
    });
  }

  async #entries(entry: typeof entryOf): Promise<ReadonlyMap<PipelineUid, UidEntry>> {
    const folder = this.#paths.folder('uids');
    const uids = (await this.#tree.children(folder)).map((name) => pipelineUidSchema.parse(name));
    const nodes = await this.#tree.readAll(uids.map((uid) => this.#paths.uid(uid)));
    return new Map(
      uids.flatMap((uid, at) => {
        const found = entry(uid, nodes[at] ?? null);
        return found ? [[uid, found] as const] : [];
      }),
    );
  }

  keeping(
    uid: PipelineUid,
    pipeline: PipelineFacts,
    { revision, begun }: { readonly revision: number; readonly begun: boolean },
  ): Promise<Operation | null> {
    return this.#changing(uid, (known) => {
      const at = Date.now();
      const fresh: Partial<UidEntry> & Pick<UidEntry, 'createdAt' | 'changedIn'> = {
        createdAt: at,
        changedIn: 0,
        ...(begun && { begunAt: at }),
      };
      const { removedAt: _, removedIn: __, fencedAt: ___, ...rest } = known ?? fresh;
      // One that is adopted has brought nothing meanwhile.
      const isSame = known !== null && replicatesSame(known, pipeline);
      return { ...rest, ...pipeline, changedIn: isSame ? known.changedIn : revision };
    });
  }

  removing(uid: PipelineUid, pipeline: PipelineFacts, revision: number): Promise<Operation | null> {
    const removed = { removedAt: Date.now(), removedIn: revision };
    return this.#changing(uid, (known) => ({ createdAt: Date.now(), changedIn: revision, ...known, ...pipeline, ...removed }));
  }

  begin(uid: PipelineUid, pipeline: PipelineFacts): Promise<void> {
    return this.#change(uid, (known) =>
      known?.begunAt === undefined ? { createdAt: Date.now(), changedIn: 0, ...pipeline, begunAt: Date.now(), ...known } : null,
    );
  }

  fenced(uid: PipelineUid): Promise<void> {
    return this.#change(uid, (known) => (known?.removedAt === undefined ? null : { ...known, fencedAt: Date.now() }));
  }

  #change(uid: PipelineUid, change: Change): Promise<void> {
    const what = { what: `the entry of uid ${uid}`, uid };
    return this.#tree.change(this.#paths.uid(uid), what, (node) => changed(entryOf(uid, node), change));
  }

  #changing(uid: PipelineUid, change: Change): Promise<Operation | null> {
    return this.#tree.changing(this.#paths.uid(uid), (node) => changed(entryOf(uid, node), change));
  }
}

/** null: it stays as it is. */
function changed(known: UidEntry | null, change: Change): Buffer | null {
  const entry = change(known);
  return entry === null || JSON.stringify(entry) === JSON.stringify(known) ? null : toBytes(entry);
}

function replicatesSame(one: PipelineFacts, other: PipelineFacts): boolean {
  return one.source === other.source && one.target === other.target && one.fingerprint === other.fingerprint;
}

function entryOf(uid: PipelineUid, node: Node | null): UidEntry | null {
  return node && fromNode(uidSchema, node, `uid ${uid}`).document;
}
