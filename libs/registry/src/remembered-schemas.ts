/**
 * What this process has seen of the schema registry. Ids are given once and for good, so what is known needs no ZooKeeper: a new leadership
 * during an outage goes on with the tables that it knew. And a ZooKeeper that comes back without schemas (lost, or restored from an export
 * that is older than they are) gets them back from whoever works with them: without them nobody could read the records that carry their
 * ids.
 */
import { toSyncError } from '@lutra/model';
import type { Logger } from '@lutra/telemetry';
import type { Paths } from './paths.js';
import type { SchemaStore, SubjectVersion } from './schemas.js';
import type { Session } from './session.js';
import type { Tree } from './tree.js';

export interface RememberedOptions {
  readonly session: Session;
  readonly tree: Tree;
  readonly paths: Paths;
  readonly logger: Logger;
}

export class RememberedSchemas implements SchemaStore {
  readonly #store: SchemaStore;
  readonly #options: RememberedOptions;
  readonly #texts = new Map<number, string>();
  /** Subject → text → id. */
  readonly #registered = new Map<string, Map<string, number>>();

  constructor(store: SchemaStore, options: RememberedOptions) {
    this.#store = store;
    this.#options = options;
    options.session.onChange((change) => {
      if (change.kind === 'connected' && change.renewed) void this.#giveBack();
    });
  }

  async register(subject: string, schemaJson: string): Promise<number> {
    const known = this.#registered.get(subject)?.get(schemaJson);
    if (known !== undefined) return known;
    const id = await this.#store.register(subject, schemaJson);
    this.#remember({ subject, id, schema: schemaJson });
    return id;
  }

  async byId(id: number): Promise<string | null> {
    const known = this.#texts.get(id);
    if (known !== undefined) return known;
    const text = await this.#store.byId(id);
    if (text !== null) this.#texts.set(id, text);
    return text;
  }

  async prefetch(prefix: string): Promise<void> {
    try {
      for (const subject of await this.#store.subjects()) {
        if (!subject.startsWith(prefix)) continue;
        const latest = await this.#store.version(subject, 'latest');
        if (latest) this.#remember({ subject, ...latest });
      }
    } catch (error) {
      this.#options.logger.debug({ err: toSyncError(error), prefix }, 'schemas are fetched when they are needed');
    }
  }

  idOf(subject: string, schemaJson: string): Promise<number | null> {
    return this.#store.idOf(subject, schemaJson);
  }

  subjects(): Promise<readonly string[]> {
    return this.#store.subjects();
  }

  versions(subject: string): Promise<readonly number[]> {
    return this.#store.versions(subject);
  }

  version(subject: string, version: number | 'latest'): Promise<SubjectVersion | null> {
    return this.#store.version(subject, version);
  }

  #remember({ subject, id, schema }: Pick<SubjectVersion, 'id' | 'schema'> & { readonly subject: string }): void {
    let ids = this.#registered.get(subject);
    if (!ids) this.#registered.set(subject, (ids = new Map()));
    ids.set(schema, id);
    this.#texts.set(id, schema);
  }

  /** A new session is most often only that; then nothing is missing. */
  async #giveBack(): Promise<void> {
    try {
      if (!(await this.#restoreTexts())) return;
      for (const [subject, ids] of this.#registered) for (const text of ids.keys()) await this.#store.register(subject, text);
    } catch (error) {
      this.#options.logger.warn({ err: toSyncError(error) }, 'cannot give schemas back to ZooKeeper; in the next session again');
    }
  }

  /** Whether any was missing. */
  async #restoreTexts(): Promise<boolean> {
    const { tree, paths, logger } = this.#options;
    const known = [...this.#texts];
    const nodes = await tree.readAll(known.map(([id]) => paths.schemaId(id)));
    let restored = 0;
    for (const [at, [id, text]] of known.entries()) {
      const node = nodes[at];
      if (node?.data.toString('utf8') === text) continue;
      if (!node && (await tree.create(paths.schemaId(id), Buffer.from(text)))) restored += 1;
      else if ((await this.#store.byId(id)) !== text) this.#discard(id);
    }
    if (restored > 0) logger.warn({ schemas: restored }, 'ZooKeeper had lost schemas that are in use; gave them back');
    return restored > 0;
  }

  /** Another schema has the id in the new ZooKeeper: asking it is better than insisting. */
  #discard(id: number): void {
    this.#options.logger.error({ schemaId: id }, 'another schema has this id in ZooKeeper now');
    this.#texts.delete(id);
    for (const ids of this.#registered.values()) for (const [text, known] of ids) if (known === id) ids.delete(text);
  }
}
