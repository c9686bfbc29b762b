/**
 * What both sides do to the same keys while neither hears of the other: a row moves to another primary key or takes another unique value,
 * where the other side inserts, updates, deletes or moves. Each scenario has ten numbers of its own; rows 1, 2 and 3 are there at the
 * start, with codes 1, 2 and 3.
 */
import type { Side } from '../harness/index.js';

const moveTo = (from: number, to: number, version: number) => `UPDATE {t} SET id = ${to}, version = ${version} WHERE id = ${from}`;
const insert = (id: number, code: number | null, version: number) =>
  `INSERT INTO {t} VALUES (${id}, ${code === null ? 'NULL' : `'{b}${code}'`}, 'new', 100, ${version})`;
const update = (id: number, version: number) => `UPDATE {t} SET note = 'changed', n = n + 1, version = ${version} WHERE id = ${id}`;
const code = (id: number, value: number, version: number) => `UPDATE {t} SET code = '{b}${value}', version = ${version} WHERE id = ${id}`;
const remove = (id: number) => `DELETE FROM {t} WHERE id = ${id}`;
const swap = [moveTo(1, 9, 1), moveTo(2, 1, 1), moveTo(9, 2, 1)];

type Writes = readonly string[];
/** `{t}`: the table; in every id and code, the scenario's own numbers. Each side: one transaction. */
const scenarios: Readonly<Record<string, readonly [Writes, Writes]>> = {
  'a move to a key that the other side inserts, newer': [[moveTo(1, 8, 1)], [insert(8, null, 2)]],
  'a move to a key that the other side inserts, older': [[moveTo(1, 8, 2)], [insert(8, null, 1)]],
  'two rows that move to one key': [[moveTo(1, 8, 1)], [moveTo(2, 8, 2)]],
  'one row that moves to two keys': [[moveTo(1, 8, 1)], [moveTo(1, 9, 2)]],
  'a row that moves where the other side updates it': [[moveTo(1, 8, 1)], [update(1, 2)]],
  'a row that moves where the other side deletes it': [[moveTo(1, 8, 1)], [remove(1)]],
  'a swap where the other side updates one of the two': [swap, [update(2, 2)]],
  'a swap where the other side moves one of the two': [swap, [moveTo(2, 9, 2)]],
  'a chain where the other side inserts': [[moveTo(1, 8, 1), moveTo(2, 1, 1)], [insert(8, null, 2)]],
  'two moves, one behind the other, where the other side inserts between': [[moveTo(1, 8, 1), moveTo(8, 9, 1)], [insert(8, 8, 2)]],
  'a move that leaves its key to a new row': [[moveTo(1, 8, 1), insert(1, 9, 1)], [insert(8, null, 2)]],
  'a move that takes its unique value along, which the other side inserts': [[code(1, 7, 1), moveTo(1, 8, 1)], [insert(6, 7, 2)]],
  'a unique value that moves to a row that the other side deletes': [[code(1, 7, 1), code(2, 1, 1)], [remove(2)]],
  'a unique value that the other side gives to another row': [[code(1, 7, 1)], [code(2, 7, 2)]],
  'unique values that are swapped where the other side takes one': [
    [code(1, 9, 1), code(2, 1, 1), code(1, 2, 1)],
    [code(1, 8, 2), code(3, 1, 2)],
  ],
  'a REPLACE that moves a row by its unique value': [[`REPLACE INTO {t} VALUES (8, '{b}1', 'replaced', 1, 1)`], [insert(8, null, 2)]],
};

export const moveNames = Object.keys(scenarios).flatMap((name) => [name, `${name}, the other way round`]);

export const movesTable =
  'id INT PRIMARY KEY, code VARCHAR(12) NULL UNIQUE, note VARCHAR(20) NOT NULL, n INT NOT NULL, version INT NOT NULL';

/** Statements that make the first rows. */
export function firstRows(table: string): string {
  const rows = moveNames.flatMap((_, i) => [1, 2, 3].map((id) => `(${numbered(i, id)}, '${i}-${id}', 'old', 10, 0)`));
  return `INSERT INTO ${table} VALUES ${rows.join(', ')}`;
}

/** One transaction a scenario. Every second one the other way round. */
export function writesOf(side: Side, table: string): readonly string[] {
  return moveNames.map((name, i) => {
    const [first, second] = scenarios[name.replace(', the other way round', '')]!;
    const ours = (side === 'a') === (i % 2 === 0) ? first : second;
    const statements = ours.map((sql) =>
      sql
        .replaceAll('{t}', table)
        .replaceAll('{b}', `${i}-`)
        .replaceAll(/\bid = (\d+)/g, (_, id: string) => `id = ${numbered(i, Number(id))}`)
        .replaceAll(/VALUES \((\d+)/g, (_, id: string) => `VALUES (${numbered(i, Number(id))}`),
    );
    return `START TRANSACTION; ${statements.join('; ')}; COMMIT`;
  });
}

export function numbered(scenario: number, id: number): number {
  return (scenario + 1) * 10 + id;
}
