import { Session, takeOver } from '@lutra/mysql';
import type { Row } from '@lutra/model';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Proxy } from '../../../../../test/network/index.js';
import { rooms } from './conflict-detector.fixture.js';
import type { DetectorSetup, RoomOptions, Step } from './conflict-detector.fixture.js';

const ground = { tables: { t: 'id int primary key, v int' }, rows: 'INSERT INTO t VALUES (1, 1), (2, 2), (3, 3), (4, 4)' };
const row = (id: number, v: number): Row => ({ id, v });
const refused = (code: string, details: object = {}): unknown =>
  expect.objectContaining({ code, details: expect.objectContaining(details) });

describe.each(['8.0', '9.7'] as const)('others at work at the target, on %s', (version) => {
  let room: DetectorSetup;
  const open = rooms(version, ground);
  const enter = async (options: Partial<RoomOptions>): Promise<void> => void (room = await open(options));
  beforeEach(() => enter({ rule: { policy: 'home' } }));

  const update = (id: number, v = 10 * id): Step => [row(id, id), row(id, v)];
  const conflict = async (): Promise<void> => void (await room.local('UPDATE t SET v = 99 WHERE id = 2', [row(2, 2), row(2, 99)]));

  /** Somebody waits for a lock. The server looks anew only where nobody has asked for a tenth of a second. */
  const waiting = async (): Promise<void> =>
    vi.waitFor(
      async () => {
        const [counted] = await room.server.query("SELECT COUNT(*) AS n FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'");
        if (Number(counted?.['n']) === 0) throw new Error('nobody waits');
      },
      { timeout: 10_000, interval: 250 },
    );

  /** What a statement of a local writer leads to that begins while the rows are locked; resolves when it waits. */
  async function whileLocked(sql: string): Promise<{ readonly done: Promise<unknown> }> {
    const writer = await Session.open(room.server.options, 'target');
    const done = writer.execute(`SET innodb_lock_wait_timeout = 20; ${sql}`).finally(async () => writer.close());
    done.catch(() => undefined); // awaited later
    await waiting();
    return { done };
  }

  test('another loader takes over between the attempt and the resolving: FENCED, and nothing is written', async () => {
    const taking: Promise<unknown>[] = [];
    room.peers.whileLocked = async () => {
      if (taking.length > 0) return;
      await room.local('', [row(2, 2), row(2, 2)]);
      taking.push(takeOver(room.server.options, { pipeline: room.pipeline, part: 0, lease: 6, mayCreate: false }));
      await waiting();
    };
    const conflicting = room.transaction([update(2)], 0);
    await expect(room.commit(conflicting)).rejects.toEqual(refused('FENCED'));
    await Promise.all(taking);
    expect(await room.rows()).toEqual([row(1, 1), row(2, 2), row(3, 3), row(4, 4)]);
    expect([await room.conflicts(), await room.resolutions(), await room.seq()]).toEqual([[], [], -1]);
    await expect(room.commit(room.transaction([update(1)]))).rejects.toEqual(refused('FENCED'));
    await expect(room.detector.stream.open({ event: conflicting.event, resolved: false })).rejects.toEqual(refused('FENCED'));
  });

  test('a local writer of a row that is written waits for the COMMIT, and comes after it', async () => {
    const writes: { readonly done: Promise<unknown> }[] = [];
    room.peers.whileLocked = async () => void writes.push(await whileLocked(`UPDATE ${room.database}.t SET v = v + 5 WHERE id = 1`));
    await room.commit(room.transaction([update(1)]));
    await writes[0]?.done;
    expect([writes.length, (await room.rows())[0]]).toEqual([1, row(1, 15)]);
  });

  test('a local writer of a row that is being resolved waits, and comes after the decision and its resolution', async () => {
    await conflict();
    const writes: { readonly done: Promise<unknown> }[] = [];
    room.peers.whileLocked = async () => void writes.push(await whileLocked(`UPDATE ${room.database}.t SET v = v + 1 WHERE id = 2`));
    await room.commit(room.transaction([update(2)], 0));
    await writes[0]?.done;
    expect(await room.resolutions()).toEqual([[{ id: 2 }, row(2, 99)]]);
    expect([writes.length, (await room.rows())[1]]).toEqual([1, row(2, 100)]);
  });

  test('a local writer that inserts the row that was found missing waits, and comes after the decision', async () => {
    await room.local('DELETE FROM t WHERE id = 2', [row(2, 2), null]);
    const writes: { readonly done: Promise<unknown> }[] = [];
    room.peers.whileLocked = async () => void writes.push(await whileLocked(`INSERT INTO ${room.database}.t VALUES (2, 50)`));
    await room.commit(room.transaction([update(2)], 0));
    await writes[0]?.done;
    expect(await room.conflicts()).toMatchObject([{ type: 'update-missing', winner: 'existing', result_row: null }]);
    expect(await room.resolutions()).toEqual([[{ id: 2 }, null]]);
    expect((await room.rows())[1]).toEqual(row(2, 50));
  });

  test('a row that a local writer holds: waited for, and decided with what it leaves', async () => {
    const writer = await Session.open(room.server.options, 'target');
    await writer.execute(`BEGIN; UPDATE ${room.database}.t SET v = 99 WHERE id = 2`);
    const committing = room.commit(room.transaction([update(2)], 0));
    await waiting();
    await room.local('', [row(2, 2), row(2, 99)]);
    await writer.execute('COMMIT');
    await committing;
    await writer.close();
    expect(await room.resolutions()).toEqual([[{ id: 2 }, row(2, 99)]]);
    expect((await room.rows())[1]).toEqual(row(2, 99));
  });

  test('a deadlock with a local writer: tried again on the spot, applied once', async () => {
    const other = await Session.open(room.server.options, 'target');
    // It is the heavier one, so the server gives up ours.
    await other.execute(
      `BEGIN; UPDATE ${room.database}.t SET v = v + 1 WHERE id > 1; INSERT INTO ${room.database}.t VALUES (8, 8), (9, 9)`,
    );
    const committing = room.commit(room.transaction([update(1), [null, row(9, 90)]], 0));
    await waiting();
    await room.local('', [null, row(9, 9)]);
    await other.execute(`UPDATE ${room.database}.t SET v = 5 WHERE id = 1; COMMIT`);
    await room.local('', [row(1, 1), row(1, 5)]);
    await committing;
    await other.close();
    expect((await room.rows())[0]).toEqual(row(1, 5));
    expect(await room.conflicts()).toMatchObject([{ type: 'update-differs' }, { type: 'insert-exists' }]);
    expect(await room.seq()).toBe(10);
  });

  test('a connection lost at COMMIT: unknown, and the checkpoint tells', async () => {
    const proxy = await Proxy.start({ host: room.server.options.host, port: room.server.options.port });
    try {
      for (const [mode, committed] of [
        ['swallow', true],
        ['silent', false],
      ] as const) {
        await room.close();
        proxy.mode = 'open';
        await enter({ rule: { policy: 'home' }, port: proxy.port, answerTimeoutMs: 700 });
        await room.commit(room.transaction([update(1)]));
        room.peers.whileLocked = async () => void (proxy.mode = mode);
        await expect(room.commit(room.transaction([update(3)]))).rejects.toEqual(refused('TARGET_UNAVAILABLE'));
        await room.close();
        // Waits for what is still under way there.
        const { checkpoint } = await takeOver(room.server.options, { pipeline: room.pipeline, part: 0, lease: 6, mayCreate: false });
        expect(checkpoint.seq).toBe(committed ? 20 : 10);
        expect((await room.rows())[2]).toEqual(committed ? row(3, 30) : row(3, 3));
      }
    } finally {
      await proxy.stop();
    }
  });
});
