/** lutra.resync in memory, with the tables that keys are of. */
import { SyncError, tableName } from '@lutra/model';
import type { TableName } from '@lutra/model';
import type { TargetTable } from '@lutra/mysql';
import type { NewEntry, ResyncEntry } from './entry.js';
import type { ResyncStore } from './resync-store.js';

export class MemoryStore implements ResyncStore {
  readonly entries = new Map<string, ResyncEntry & { problem: string | null }>();
  readonly tables = new Map<string, TargetTable>();
  /** Names of tables that are being made equal here. */
  readonly unequal = new Set<string>();
  /** Called before each access. */
  before = (_what: keyof ResyncStore): void => undefined;
  /** Entries of one DELETE. */
  readonly removals: number[] = [];
  closed = false;
  #last = 0;

  async waiting(most: number): Promise<readonly string[]> {
    this.before('waiting');
    const waiting = this.#open()
      .filter((entry) => !this.#isHeld(entry))
      .map(({ id }) => Number(id));
    return waiting
      .toSorted((a, b) => a - b)
      .slice(0, most)
      .map(String);
  }

  async held(): Promise<number> {
    return this.#open().filter((entry) => this.#isHeld(entry)).length;
  }

  #open(): readonly ResyncEntry[] {
    return [...this.entries.values()].filter(({ problem }) => problem === null);
  }

  #isHeld({ purpose, table }: ResyncEntry): boolean {
    return purpose !== 'probe' && this.unequal.has(tableName(table));
  }

  async read(ids: readonly string[]): Promise<readonly ResyncEntry[]> {
    this.before('read');
    return ids.flatMap((id) => this.entries.get(id) ?? []);
  }

  async remove(ids: readonly string[]): Promise<void> {
    this.before('remove');
    this.removals.push(ids.length);
    for (const id of ids) this.entries.delete(id);
  }

  async refuse(ids: readonly string[], problem: string): Promise<void> {
    this.before('refuse');
    for (const id of ids) {
      const entry = this.entries.get(id);
      if (entry) entry.problem = problem;
    }
  }

  async insert(entries: readonly NewEntry[]): Promise<void> {
    this.before('insert');
    for (const { problem, ...entry } of entries) this.put({ ...entry, problem });
  }

  async definition(table: TableName): Promise<TargetTable> {
    this.before('definition');
    const found = this.tables.get(tableName(table));
    if (!found) throw new SyncError('TABLE_MISSING', `${tableName(table)} does not exist, or the user may not see it`);
    return found;
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  put(part: Partial<ResyncEntry> & { readonly problem?: string | null }): string {
    const id = part.id ?? String(++this.#last);
    const plain = { table: { database: 'shop', name: 'orders' }, rowKey: '{"id": 1}', pipeline: null, purpose: 'resync', request: '' };
    this.entries.set(id, { ...plain, problem: null, ...part, id });
    return id;
  }
}
