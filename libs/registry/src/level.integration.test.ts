/** Who lives, what they know, and the raise of the cluster's level, on a real ZooKeeper. */
import type { Level } from '@lutra/model';
import { describe, expect, test } from 'vitest';
import type { Registry, Worker } from './index.js';
import { expire, until, useZooKeeper } from './testing/harness.js';

const zooKeeper = useZooKeeper();
const level = (number: number): Level => ({ level: number, by: 'a test', at: 1 });

function worker(instance: string, more: Partial<Worker> = {}): Worker {
  return { app: 'loader', instance, region: 'hz', version: '1', levels: [1, 1], keys: ['k1'], since: 1, ...more };
}

/** Joins and waits until the level was read. */
async function joined(registry: Registry, describe: () => Worker): Promise<{ readonly levels: (number | null)[] }> {
  const levels: (number | null)[] = [];
  registry.join({ describe, onLevel: (found) => levels.push(found) });
  await until(() => expect(levels.length).toBeGreaterThan(0));
  return { levels };
}

describe('a process', () => {
  test('is in the list while it lives, again in a new session, and what it says stays current', async () => {
    const [one, reader] = [await zooKeeper.open(), await zooKeeper.open()];
    let keys = ['k1'];
    await joined(one, () => worker('host:1', { keys }));
    expect(await reader.workers.list()).toEqual([worker('host:1')]);
    keys = ['k2', 'k1'];
    await until(async () => expect(await reader.workers.list()).toEqual([worker('host:1', { keys })]));
    await expire(one, zooKeeper.server);
    await until(async () => expect(await reader.workers.list()).toEqual([worker('host:1', { keys })]));
    await one.stop();
    expect(await reader.workers.list()).toEqual([]);
  });

  test('says so again in a tree that was emptied while its session lived, and does not work on unseen', async () => {
    const [one, reader] = [await zooKeeper.open(), await zooKeeper.open()];
    let keys = ['k1'];
    await joined(one, () => worker('host:1', { keys }));
    for (const now of [['k1'], ['k2']]) {
      await zooKeeper.raw(async (connection, root) => {
        for (const name of (await connection.getChildren(`${root}/workers`)) ?? []) await connection.remove(`${root}/workers/${name}`, -1);
        await connection.remove(`${root}/workers`, -1);
      });
      keys = now;
      await expect.poll(() => reader.workers.list(), { timeout: 8_000 }).toEqual([worker('host:1', { keys })]);
    }
  });

  test('does not hide another one of the same host name and process id', async () => {
    const [one, other] = [await zooKeeper.open(), await zooKeeper.open()];
    await joined(one, () => worker('box:1', { levels: [1, 1] }));
    await joined(other, () => worker('box:1', { levels: [1, 2] }));
    expect((await one.workers.list()).map(({ levels }) => levels[1]).toSorted((a, b) => a - b)).toEqual([1, 2]);
  });

  test('that cannot be read is named: nobody knows what it can do', async () => {
    const one = await zooKeeper.open();
    await joined(one, () => worker('host:1'));
    await zooKeeper.raw((connection, root) => connection.create(`${root}/workers/odd`, Buffer.from('{"app":"x"}'), 0));
    await expect(one.workers.list()).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('worker odd') });
    await one.level.begin(level(1));
    await expect(one.level.raise(level(2))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('learns the level when it joins, and whenever it changes', async () => {
    const [one, control] = [await zooKeeper.open(), await zooKeeper.open()];
    const { levels } = await joined(one, () => worker('host:1', { levels: [1, 3] }));
    expect(levels).toEqual([null]);
    await control.level.begin(level(1));
    await control.level.begin(level(9));
    expect(await control.level.latest()).toEqual(level(1));
    await until(() => expect(levels).toEqual([null, 1]));
    expect(await control.level.raise(level(2))).toEqual([]);
    await until(() => expect(levels).toEqual([null, 1, 2]));
  });
});

describe('the level', () => {
  test('is raised only past the oldest live process, and never falls', async () => {
    const [old, young] = [await zooKeeper.open(), await zooKeeper.open()];
    await young.level.begin(level(1));
    await joined(old, () => worker('old:1'));
    await joined(young, () => worker('young:1', { levels: [1, 2] }));
    expect(await young.level.raise(level(2))).toMatchObject([{ kind: 'worker', worker: { instance: 'old:1' } }]);
    expect(await young.level.latest()).toEqual(level(1));
    await old.stop();
    expect(await young.level.raise(level(2))).toEqual([]);
    expect(await young.level.raise(level(2))).toEqual([]);
    await expect(young.level.raise(level(1))).rejects.toMatchObject({
      code: 'CONFIG_CONFLICT',
      message: expect.stringContaining('never falls'),
    });
    expect(await young.level.latest()).toMatchObject({ level: 2 });
  });

  test('is not raised while somebody that says nothing of itself holds a lease, or stands in line for one', async () => {
    const [stranger, known] = [await zooKeeper.open(), await zooKeeper.open()];
    await known.level.begin(level(1));
    await joined(known, () => worker('known:1', { levels: [1, 2] }));
    const own = await known.lease('capture/orders-1234567890').acquire(new AbortController().signal);
    expect(await known.level.blocks(2)).toEqual([]);
    const waiting = new AbortController();
    const never = stranger.lease('capture/orders-1234567890').acquire(waiting.signal);
    never.catch(() => undefined); // ended below
    await until(async () =>
      expect(await known.level.raise(level(2))).toMatchObject([{ kind: 'lease', contender: { lease: 'capture/orders-1234567890' } }]),
    );
    waiting.abort();
    await never.catch(() => undefined); // aborted above
    await until(async () => expect(await known.level.blocks(2)).toEqual([]));
    await own.release();
  });

  test('a process that joins between the reading and the writing of a raise is not passed over', async () => {
    const [late, control] = [await zooKeeper.open(), await zooKeeper.open()];
    await control.level.begin(level(1));
    await joined(control, () => worker('control:1', { levels: [1, 2] }));
    let joining: Promise<{ readonly levels: (number | null)[] }> | undefined;
    const read = control.level.blocks.bind(control.level);
    // As a slow raise sees it: nobody is in the way, then somebody joins, and reads level 1.
    control.level.blocks = async (wanted) => {
      const found = await read(wanted);
      joining ??= joined(late, () => worker('late:1'));
      await joining;
      return found;
    };
    expect(await control.level.raise(level(2))).toMatchObject([{ kind: 'worker', worker: { instance: 'late:1' } }]);
    expect((await joining)?.levels).toEqual([1]);
    expect(await control.level.latest()).toMatchObject({ level: 1 });
  });
});
