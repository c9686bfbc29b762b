import { fileRuleSchema } from '@lutra/model';
import type { Row, TableSchema } from '@lutra/model';
import type { ComingFile } from '@lutra/files';
import { StatementBuilder } from '@lutra/mysql';
import { beforeEach, describe, expect, test } from 'vitest';
import type { CommitFiles, Placing, RowFile, TransactionFiles } from '../../files/commit-files.js';
import { rooms } from '../detect/conflict-detector.fixture.js';
import type { DetectorSetup, RoomOptions, Step } from '../detect/conflict-detector.fixture.js';
import { seenUpTo } from '../detect/detector-peers.fixture.js';
import type { BufferedTransaction } from '../detect/buffered-transactions.js';

const rule = fileRuleSchema.parse({ root: 'r', path: '{p}', immutable: true, deletes: 'trash' });
const row = (id: number, p: string | null, v = 0): Row => ({ id, p, v });
const ground = { tables: { t: 'id int primary key, p varchar(9), v int' }, rows: "INSERT INTO t VALUES (1, 'a', 0), (2, 'b', 0)" };

/** Files that are there when they are asked for; what was done with them. */
class Files implements CommitFiles {
  readonly did: string[] = [];
  /** What the next places say first. */
  again = 0;
  sql = 'DO 1';
  #n = 0;

  namedBy(_: TableSchema, { p }: Row): readonly ComingFile[] {
    return typeof p === 'string' ? [{ root: 'r', path: p, hash: null, rule }] : [];
  }

  filesOf(
    table: TableSchema,
    { before, after }: { readonly before: Row | null; readonly after: Row | null },
  ): TransactionFiles | undefined {
    const named = (of: Row | null): readonly ComingFile[] => (of ? this.namedBy(table, of) : []);
    const comes = named(after).filter(({ path }) => before?.['p'] !== path);
    const leaves = named(before).filter(({ path }) => after?.['p'] !== path);
    if (comes.length > 0) this.did.push(`ask ${comes.map(({ path }) => path).join()}`);
    const staged = comes.map(({ root, path, hash }): RowFile => ({
      root,
      path,
      hash,
      missing: null,
      staged: { root, path, sha256: path, size: 1, mtimeNs: '1' },
    }));
    return { comes: staged, leaves: leaves.map(({ root, path }) => ({ root, path, way: 'trash' })) };
  }

  async ready(transactions: readonly unknown[]): Promise<number> {
    return transactions.length;
  }

  async place({ comes, leaves }: TransactionFiles): Promise<Placing | 'again'> {
    if (this.again-- > 0) return 'again';
    this.did.push(`place ${comes.map(({ path }) => path).join()} leave ${leaves.map(({ path }) => path).join()}`);
    return {
      n: ++this.#n,
      sql: [{ sql: this.sql, marks: [{ does: 'upsert', table: { database: 'lutra', name: 'file' }, change: 0, changes: 1 }] }],
    };
  }

  committed(): void {
    this.did.push('committed');
  }

  async takeBack(): Promise<void> {
    this.did.push('take back');
  }
}

describe('files of rows that are decided about', () => {
  let room: DetectorSetup;
  let files: Files;
  const open = rooms('9.7', ground);
  const enter = async (options: Partial<RoomOptions> = {}): Promise<void> => {
    files = new Files();
    room = await open({ rule: { policy: 'latest', version: 'v' }, files, ...options });
  };
  beforeEach(() => enter());

  /** That has seen nothing of the target's log. */
  function transaction(...steps: readonly Step[]): BufferedTransaction {
    const buffered = room.transaction(steps, 0);
    const all = buffered.changes.flatMap((change) => files.filesOf(change.source, change) ?? []);
    files.did.length = 0;
    return { ...buffered, files: { comes: all.flatMap(({ comes }) => comes), leaves: all.flatMap(({ leaves }) => leaves) } };
  }
  const local = (before: Row | null, after: Row | null): Promise<number> => {
    const id = Number((before ?? after)?.['id']);
    const sql = after
      ? `UPDATE t SET p = '${String(after['p'])}', v = ${String(after['v'])} WHERE id = ${id}`
      : `DELETE FROM t WHERE id = ${id}`;
    return room.local(sql, [before, after]);
  };

  test('no conflict: placed while the rows are locked, once for all transactions of the batch', async () => {
    await room.commit(transaction([row(1, 'a'), row(1, 'c', 1)]), transaction([row(2, 'b'), null]));
    expect(files.did).toEqual(['place c leave a,b', 'committed']);
  });

  test('of two versions the winner’s files are placed, and the loser’s are told', async () => {
    await local(row(1, 'a'), row(1, 'here', 5));
    await room.commit(transaction([row(1, 'a'), row(1, 'less', 1)], [row(2, 'b'), row(2, 'c', 1)]));
    expect(files.did).toEqual(['place c leave b', 'committed']);
    expect((await room.conflicts()).map((conflict) => conflict['files'])).toEqual(['[{"root":"r","path":"less","sha256":null}]']);
    files.did.length = 0;
    await room.commit(transaction([row(1, 'a'), row(1, 'more', 9)]));
    expect(files.did).toEqual(['place more leave here', 'committed']);
    expect((await room.conflicts()).at(-1)).toMatchObject({ files: '[{"root":"r","path":"here","sha256":null}]' });
  });

  test('a decision that takes a file which did not come: rolled back, asked for, decided again', async () => {
    await local(row(1, 'a'), null);
    const locked: (readonly Row[])[] = [];
    room.peers.whileLocked = async () => void locked.push(await room.rows());
    await room.commit(transaction([row(1, 'a'), row(1, 'a', 1)]));
    expect(files.did).toEqual(['ask a', 'place a leave ', 'committed']);
    expect(locked).toHaveLength(2);
    expect(await room.rows()).toEqual([row(1, 'a', 1), row(2, 'b')]);
  });

  test('what is not staged any more: again, whether in conflict or not; not for ever', async () => {
    files.again = 2;
    await room.commit(transaction([row(2, 'b'), row(2, 'c', 1)]));
    await local(row(1, 'a'), row(1, 'here', 5));
    files.again = 2;
    await room.commit(transaction([row(1, 'a'), row(1, 'more', 9)]));
    expect(files.did).toEqual(['place more leave here', 'committed']);
    files.again = 1_000;
    await expect(room.commit(transaction([row(2, 'c', 1), row(2, 'd', 2)]))).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' });
    expect((await room.rows())[1]).toEqual(row(2, 'c', 1));
  });

  test('what is said of files is refused: nothing is committed, and what was placed is taken back', async () => {
    files.sql = 'INSERT INTO lutra.no_such_table VALUES (1)';
    await expect(room.commit(transaction([row(1, 'a'), row(1, 'c', 1)]))).rejects.toMatchObject({ code: 'TABLE_MISSING' });
    expect(files.did).toEqual(['place c leave a', 'take back']);
    expect([await room.rows(), await room.seq()]).toEqual([[row(1, 'a'), row(2, 'b')], -1]);
  });

  test('what home made of a row: its file is asked for before anything is locked, also where the row is equal', async () => {
    await enter({ home: 'source' });
    const told = { kind: 'resolution', endpoint: 'e', pipeline: 'x', channel: 'c', database: room.database, table: 't' } as const;
    const resolution = (key: number, to: Row | null) => ({ ...told, key: { id: key }, row: to, seen: seenUpTo(0), tsMs: 1 });
    const events: string[] = [];
    room.peers.whileLocked = async () => void events.push(...files.did.splice(0), 'locked');
    await room.detector.resolutions([resolution(1, row(1, 'a')), resolution(2, null)], room.transaction([[row(1, 'a'), null]]).checkpoint);
    expect([...events, ...files.did]).toEqual(['ask a', 'locked', 'place a leave b', 'committed']);
    expect(await room.rows()).toEqual([row(1, 'a')]);
  });

  test('what home made of a row that was changed here since: its file is not placed', async () => {
    await enter({ home: 'source' });
    await local(row(1, 'a'), row(1, 'here', 5));
    const told = { kind: 'resolution', endpoint: 'e', pipeline: 'x', channel: 'c', database: room.database, table: 't' } as const;
    const one = { ...told, key: { id: 1 }, row: row(1, 'home', 2), seen: seenUpTo(0), tsMs: 1 };
    await room.detector.resolutions([one], room.transaction([[row(1, 'a'), null]]).checkpoint);
    expect(files.did).toEqual(['ask home']);
  });

  test('a large transaction: placed at its end; what it lacks is fetched when it is given up', async () => {
    const { stream } = room.detector;
    const send = async (whole: BufferedTransaction, resolved: boolean): Promise<void> => {
      const builder = new StatementBuilder({ exact: true });
      for (const change of whole.changes) builder.add(change);
      await stream.open({ event: whole.event, resolved });
      await stream.close({ ...whole, statements: builder.take() });
    };
    await send(transaction([row(2, 'b'), row(2, 'c', 1)]), false);
    expect(files.did).toEqual(['place c leave b', 'committed']);
    await local(row(1, 'a'), null);
    const late = transaction([row(1, 'a'), row(1, 'a', 1)]);
    await expect(send(late, true)).rejects.toMatchObject({ code: 'ROW_CONFLICT', refused: { conflict: true, files: true } });
    expect([files.did, await room.rows()]).toEqual([['ask a'], [row(2, 'c', 1)]]);
    await send(late, true);
    expect(files.did).toEqual(['ask a', 'place a leave ', 'committed']);
    expect(await room.rows()).toEqual([row(1, 'a', 1), row(2, 'c', 1)]);
  });
});
