import type { Row } from '@lutra/model';
import { describe, expect, test } from 'vitest';
import { rooms } from '../detect/conflict-detector.fixture.js';
import type { DetectorSetup, RoomOptions, Step } from '../detect/conflict-detector.fixture.js';
import { atHome, cases, columns, newer, older, rules, values, was } from './row-resolver-cases.fixture.js';
import type { Case } from './row-resolver-cases.fixture.js';

describe.each(['8.0', '9.7'] as const)('both sides changed a row, on %s', (version) => {
  const open = rooms(version, { tables: { t: columns } });

  /** The row `id` is what the case says; a local change of it is in the index of recent changes if it `concurred`. */
  async function play({ was, here, comes }: Case, options: Omit<RoomOptions, 'tables'>, concurred = true): Promise<DetectorSetup> {
    const room = await open(options);
    const insert = here === null ? '' : `INSERT INTO t VALUES ${values(here)}`;
    await room.local(insert, ...(concurred ? [[was, here] satisfies Step] : []));
    await room.commit(room.transaction([[was, comes]], 0));
    return room;
  }

  const table = Object.entries(atHome).flatMap(([rule, ends]) => Object.entries(ends).map(([name, end]) => [rule, name, end] as const));

  test.each(table)('policy %s, %s: home decides for good, and tells the others what the row is', async (rule, name, [winner, row]) => {
    const played = cases[name as keyof typeof cases];
    const room = await play(played, { rule: rules[rule as keyof typeof rules] });
    expect(await room.rows()).toEqual(row === null ? [] : [row]);
    const [logged, ...more] = await room.conflicts();
    expect(more).toEqual([]);
    expect(logged).toMatchObject({
      type: name.split(',')[0],
      winner,
      final: 1,
      row_key: '{"id":1}',
      local_seq: '1',
      seq: '10',
      table_name: 't',
    });
    const json = (image: Row | null): string | null => image && JSON.stringify(image);
    expect(logged).toMatchObject({ before_row: json(played.was), after_row: json(played.comes), existing_row: json(played.here) });
    expect(logged).toMatchObject({ result_row: json(row), gtid: 'u:10', origin: 'there' });
    expect(room.told).toEqual(await room.conflictTypes());
    expect(await room.resolutions()).toEqual([[{ id: 1 }, row]]);
    expect(await room.seq()).toBe(10);
  });

  const both = Object.entries(cases);

  test.each(both)('policy home, %s: elsewhere what home did is taken, as yet, and nothing is told', async (name, played) => {
    const room = await play(played, { rule: rules.home, home: 'source' });
    expect(await room.rows()).toEqual(played.comes === null ? [] : [played.comes]);
    const winner = name === 'delete-missing' ? 'both' : 'incoming';
    expect(await room.conflicts()).toMatchObject([{ type: name.split(',')[0], winner, final: 0 }]);
    expect(await room.resolutions()).toEqual([]);
  });

  test.each(both)('policies by value, %s: elsewhere decided alike', async (name, played) => {
    for (const rule of ['latest', 'latest, deletes win'] as const) {
      const room = await play(played, { rule: rules[rule], home: 'source' });
      const [winner, row] = atHome[rule][name as keyof typeof cases];
      expect(await room.rows()).toEqual(row === null ? [] : [row]);
      expect(await room.conflicts()).toMatchObject([{ winner, final: 0 }]);
      expect(await room.resolutions()).toEqual([]);
    }
  });

  test('equal versions: home’s is kept, on whichever side it is', async () => {
    const tie: Case = { was, here: older, comes: { ...newer, version: 2 } };
    expect(await (await play(tie, { rule: rules.latest, home: 'target' })).rows()).toEqual([tie.here]);
    expect(await (await play(tie, { rule: rules.latest, home: 'source' })).rows()).toEqual([tie.comes]);
    expect(await (await play(tie, { rule: rules.latest, home: 'elsewhere' })).rows()).toEqual([tie.here]);
  });

  test('a row that is again what it was before is a conflict nevertheless, because it was changed', async () => {
    const there: Case = { was, here: was, comes: newer };
    const room = await play(there, { rule: rules.home });
    expect(await room.rows()).toEqual([was]);
    expect(await room.conflicts()).toMatchObject([{ type: 'update-differs', winner: 'existing', local_seq: '1' }]);
    expect(await room.resolutions()).toEqual([[{ id: 1 }, was]]);
  });

  test.each(both)('%s, but nobody is known to have changed it: home keeps its row, elsewhere what comes is taken', async (name, played) => {
    const home = await play(played, { rule: rules.home }, false);
    expect(await home.rows()).toEqual(played.here === null ? [] : [played.here]);
    expect(await home.conflicts()).toMatchObject([{ type: name.split(',')[0], local_seq: null, final: 1 }]);
    expect(await home.resolutions()).toEqual([[{ id: 1 }, played.here]]);
    for (const side of ['source', 'elsewhere'] as const) {
      const away = await play(played, { rule: rules.latest, home: side }, false);
      expect(await away.rows()).toEqual(played.comes === null ? [] : [played.comes]);
      expect(await away.conflicts()).toMatchObject([{ type: name.split(',')[0], local_seq: null, final: 0 }]);
      expect(await away.resolutions()).toEqual([]);
    }
  });
});
