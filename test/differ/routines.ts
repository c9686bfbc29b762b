/** Triggers, procedures and functions of the source. Pure. */
import type { Random } from '../harness/random.js';
import { kindOf } from './column-kinds.js';
import { condition, insert, isKey } from './row-parts.js';
import { quoted, type Table, writable } from './table.js';

/** For names of routines. */
export function plainName({ name }: Pick<Table, 'name'>): string {
  return name.replaceAll(/[^a-zA-Z0-9]/g, '');
}

/** How often, of each kind. */

/** Triggers, a procedure and a function: at the source only. */
export function routinesOf(random: Random, tables: readonly Table[]): string[] {
  const made = tables.flatMap((table) => {
    const some = insert(random, table, { words: 'INSERT IGNORE INTO', most: 2 }).statements[0] ?? '';
    const gone = `DELETE FROM ${quoted(table.name)} WHERE ${condition(random, table)}`;
    return [
      `CREATE PROCEDURE \`p_${plainName(table)}\`(n INT) BEGIN ${some}; IF n > 2 THEN ${gone}; END IF; END`,
      `CREATE FUNCTION \`f_${plainName(table)}\`(n INT) RETURNS INT MODIFIES SQL DATA BEGIN ${some}; RETURN n; END`,
    ];
  });
  const [one, other] = [random.pick(tables), random.pick(tables)];
  if (one === other) return made;
  const column = random.pick(
    writable(one)
      .filter((column) => !isKey(one, column))
      .concat(writable(one)),
  );
  const changing = kindOf(column.kind).value(random);
  return [
    ...made,
    `CREATE TRIGGER tr1 AFTER ${random.pick(['INSERT', 'UPDATE', 'DELETE'])} ON ${quoted(one.name)} FOR EACH ROW ${insert(random, other, { words: 'INSERT IGNORE INTO' }).statements[0]}`,
    ...(isKey(one, column)
      ? []
      : [
          `CREATE TRIGGER tr2 BEFORE ${random.pick(['INSERT', 'UPDATE'])} ON ${quoted(one.name)} FOR EACH ROW SET NEW.${quoted(column.name)} = ${changing}`,
        ]),
  ];
}
