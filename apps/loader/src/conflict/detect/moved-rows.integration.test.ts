/**
 * Rows that move to another primary key where the other side inserts, updates, deletes or moves: what each policy makes of both keys, what
 * it records, whom it tells.
 */
import type { Row, TwoWayPolicy } from '@lutra/model';
import { describe, expect, test } from 'vitest';
import { rooms } from './conflict-detector.fixture.js';
import type { DetectorSetup, RoomOptions, Step } from './conflict-detector.fixture.js';

const tables = {
  t: 'id int primary key, u varchar(20) unique, v int',
  child: 'id int primary key, p int, foreign key (p) references t (id)',
};
const row = (id: number, u: string | null, v: number): Row => ({ id, u, v });
const one = row(1, 'one', 5);
const two = row(2, null, 5);
const moved = row(9, 'one', 6);
/** Incoming: row 1 moves to 9, with version 6. */
const move: Step = [one, moved];

const rules = {
  home: { policy: 'home' },
  latest: { policy: 'latest', version: 'v' },
  'latest, deletes win': { policy: 'latest', version: 'v', deletes: 'win' },
  merge: { policy: 'merge' },
  'merge by version': { policy: 'merge', sameColumn: 'latest', version: 'v' },
} as const satisfies Record<TwoWayPolicy, RoomOptions['rule']> & Record<string, RoomOptions['rule']>;
type Rule = keyof typeof rules;

interface Case {
  readonly here: string;
  readonly steps: readonly Step[];
  readonly comes: Step;
  /** By rule, the first that has it: rows at the end, and `key type winner` of what is recorded. */
  readonly ends: readonly (readonly [Rule | 'all', readonly Row[], readonly string[]])[];
  /** The keys that the other regions are told of. */
  readonly told: readonly number[];
}

const refused = ['1 key-update-refused existing', '9 insert-exists existing'];
const newer = row(9, 'nine', 7);
const older = row(9, 'nine', 5);
const update = row(1, 'one', 7);
const cases: Readonly<Record<string, Case>> = {
  'a newer row was inserted here: the one that comes stays under its old key': {
    here: "INSERT INTO t VALUES (9, 'nine', 7)",
    steps: [[null, newer]],
    comes: move,
    ends: [['all', [one, two, newer], refused]],
    told: [1, 9],
  },
  'an older row was inserted here': {
    here: "INSERT INTO t VALUES (9, 'nine', 5)",
    steps: [[null, older]],
    comes: move,
    ends: [
      ['home', [one, two, older], refused],
      ['merge', [one, two, older], refused],
      ['all', [two, moved], ['9 insert-exists incoming']],
    ],
    told: [1, 9],
  },
  'the row was moved here, and one comes to its new key: the old one is told too': {
    here: 'UPDATE t SET id = 9, v = 6 WHERE id = 1',
    steps: [move],
    comes: [null, newer],
    ends: [
      ['home', [two, moved], ['9 insert-exists existing']],
      ['merge', [two, moved], ['9 insert-exists existing']],
      ['all', [two, newer], ['9 insert-exists incoming']],
    ],
    told: [1, 9],
  },
  'another row was moved here to the same key': {
    here: 'UPDATE t SET id = 9, v = 7 WHERE id = 2',
    steps: [[two, row(9, null, 7)]],
    comes: move,
    ends: [['all', [one, row(9, null, 7)], refused]],
    told: [1, 2, 9],
  },
  'the row was moved here to another key, and has its unique value there': {
    here: 'UPDATE t SET id = 8, v = 7 WHERE id = 1',
    steps: [[one, row(8, 'one', 7)]],
    comes: move,
    ends: [
      ['home', [two, row(8, 'one', 7)], ['1 delete-missing both', '9 key-update-refused existing']],
      ['all', [two, row(8, 'one', 7)], ['1 delete-missing both', '9 unique-key-taken existing']],
    ],
    told: [1, 8, 9],
  },
  'the row was updated here': {
    here: 'UPDATE t SET v = 7 WHERE id = 1',
    steps: [[one, update]],
    comes: move,
    ends: [
      ['home', [update, two], ['1 delete-differs existing', '9 key-update-refused existing']],
      ['latest, deletes win', [two, moved], ['1 delete-differs incoming']],
      ['all', [update, two], ['1 delete-differs existing', '9 unique-key-taken existing']],
    ],
    told: [1, 9],
  },
  'the row was updated here, and holds no unique value: it is there twice': {
    here: 'UPDATE t SET v = 7 WHERE id = 2',
    steps: [[two, row(2, null, 7)]],
    comes: [two, row(9, null, 6)],
    ends: [
      ['home', [one, row(2, null, 7)], ['2 delete-differs existing', '9 key-update-refused existing']],
      ['latest, deletes win', [one, row(9, null, 6)], ['2 delete-differs incoming']],
      ['all', [one, row(2, null, 7), row(9, null, 6)], ['2 delete-differs existing']],
    ],
    told: [2, 9],
  },
  'the row was deleted here': {
    here: 'DELETE FROM t WHERE id = 1',
    steps: [[one, null]],
    comes: move,
    ends: [
      ['home', [two], ['1 delete-missing both', '9 key-update-refused existing']],
      ['all', [two, moved], ['1 delete-missing both']],
    ],
    told: [1, 9],
  },
  'its unique value was taken by a newer row here': {
    here: "UPDATE t SET u = 'ten', v = 7 WHERE id = 2",
    steps: [[two, row(2, 'ten', 7)]],
    comes: [one, row(9, 'ten', 6)],
    ends: [['all', [one, row(2, 'ten', 7)], ['1 key-update-refused existing', '9 unique-key-taken existing']]],
    told: [1, 2, 9],
  },
  'a child came here: the parent stays under its old key': {
    here: 'INSERT INTO child VALUES (1, 1)',
    steps: [[null, { id: 1, p: 1 }, 'child']],
    comes: move,
    ends: [['all', [one, two], ['1 child-exists existing', '9 key-update-refused existing']]],
    told: [1, 9],
  },
};

describe.each(['8.0', '9.7'] as const)('rows that move to another key, on %s', (version) => {
  let room: DetectorSetup;
  const open = rooms(version, { tables, rows: "INSERT INTO t VALUES (1, 'one', 5), (2, NULL, 5)" });

  const enter = async (rule: RoomOptions['rule'], more: Partial<RoomOptions> = {}): Promise<void> =>
    void (room = await open({ rule, ...more }));
  const recorded = async (): Promise<readonly string[]> =>
    (await room.conflicts()).map(({ row_key: key, type, winner }) => `${/\d+/.exec(String(key))?.[0]} ${String(type)} ${String(winner)}`);

  test.each(Object.entries(cases))('%s', async (_, { here, steps, comes, ends, told }) => {
    for (const [rule, document] of Object.entries(rules)) {
      await enter(document);
      await room.local(here, ...steps);
      await room.commit(room.transaction([comes], 0));
      const [, rows, conflicts] = ends.find(([of]) => of === rule || of === 'all') ?? [];
      expect([rule, await room.rows()]).toEqual([rule, rows]);
      expect([rule, await recorded()]).toEqual([rule, conflicts]);
      const now = new Map(rows?.map((each) => [each['id'], each]));
      const resolutions = await room.resolutions();
      expect([rule, resolutions.map(([key]) => Number(key['id'])).toSorted((x, y) => x - y)]).toEqual([rule, told]);
      expect(resolutions.map(([, image]) => image)).toEqual(resolutions.map(([key]) => now.get(key['id']) ?? null));
    }
  });

  test('an entry of either key has both images, so that it shows where the row came from', async () => {
    await enter(rules.latest);
    await room.local("INSERT INTO t VALUES (9, 'nine', 7)", [null, newer]);
    await room.commit(room.transaction([move], 0));
    const images = { op: 'u', before_row: '{"id":1,"u":"one","v":5}', after_row: '{"id":9,"u":"one","v":6}', policy: 'latest', final: 1 };
    const [left, taken] = ['{"id":1,"u":"one","v":5}', '{"id":9,"u":"nine","v":7}'];
    expect(await room.conflicts()).toMatchObject([
      { ...images, row_key: '{"id":1}', existing_row: left, result_row: left },
      { ...images, row_key: '{"id":9}', existing_row: taken, result_row: taken },
    ]);
  });

  test('a swap of which one row was changed: rows that may not move stay, all keys are told', async () => {
    await enter(rules.home);
    await room.local('UPDATE t SET v = 7 WHERE id = 2', [two, row(2, null, 7)]);
    const swap: readonly Step[] = [
      [one, row(7, 'one', 6)],
      [two, row(1, null, 6)],
      [row(7, 'one', 6), row(2, 'one', 6)],
    ];
    await room.commit(room.transaction(swap, 0));
    expect(await room.rows()).toEqual([row(2, null, 7), row(7, 'one', 6)]);
    expect(await recorded()).toEqual([
      '2 delete-differs existing',
      '1 key-update-refused existing',
      '7 key-update-refused existing',
      '2 insert-exists existing',
    ]);
    expect((await room.resolutions()).map(([key]) => key)).toEqual([{ id: 2 }, { id: 1 }, { id: 7 }]);
  });

  test('elsewhere the row that comes may stay where it was until home has told of both keys', async () => {
    await enter(rules.latest, { home: 'source' });
    await room.local("INSERT INTO t VALUES (9, 'nine', 7)", [null, newer]);
    await room.commit(room.transaction([move], 0));
    expect([await room.rows(), await recorded(), await room.resolutions()]).toEqual([[one, two, newer], refused, []]);
    expect(await room.conflicts()).toMatchObject([{ final: 0 }, { final: 0 }]);
  });

  test('elsewhere, where nobody here changed either key, what comes is taken', async () => {
    await enter(rules.home, { home: 'source' });
    await room.server.run(`USE ${room.database}; INSERT INTO t VALUES (9, 'nine', 7); UPDATE t SET v = 3 WHERE id = 1`);
    await room.commit(room.transaction([move]));
    expect(await room.rows()).toEqual([two, moved]);
  });

  test('policy stop names the key that is taken', async () => {
    await enter({ policy: 'stop' });
    await room.local("INSERT INTO t VALUES (9, 'nine', 7)", [null, newer]);
    const stopped = { code: 'ROW_CONFLICT', details: { table: 't', type: 'insert-exists', key: 'id=9' } };
    await expect(room.commit(room.transaction([move], 0))).rejects.toMatchObject(stopped);
    expect(await room.rows()).toEqual([one, two, newer]);
  });

  test('overwrite and ignore, one way', async () => {
    for (const [policy, rows] of [
      ['overwrite', [two, moved]],
      ['ignore', [one, two, newer]],
    ] as const) {
      await enter({ policy }, { flowsBack: false, home: 'elsewhere' });
      room.peers.none = true;
      await room.local("INSERT INTO t VALUES (9, 'nine', 7)");
      await room.commit(room.transaction([move]));
      expect(await room.rows()).toEqual(rows);
    }
  });

  test('children that follow the key of their parent are not lost where another row of the transaction meets a conflict', async () => {
    const follows = `${tables.child} ON DELETE CASCADE ON UPDATE CASCADE`;
    await enter(rules.home, { tables: { ...tables, child: follows } });
    await room.server.run(`INSERT INTO ${room.database}.child VALUES (1, 1)`);
    await room.local('UPDATE t SET v = 7 WHERE id = 2', [two, row(2, null, 7)]);
    await room.commit(room.transaction([move, [two, row(2, null, 6)]], 0));
    expect([await room.rows(), await room.server.query(`SELECT id, p FROM ${room.database}.child`)]).toEqual([
      [row(2, null, 7), moved],
      [{ id: 1, p: 9 }],
    ]);
  });
});
