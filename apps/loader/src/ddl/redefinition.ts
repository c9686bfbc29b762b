/**
 * What it means here that an online tool has put its shadow in the place of a table: the ALTERs that it did to the shadow, said of the
 * table. Pure. Decision 0034, rule 19.
 */
import { keyword } from '@lutra/binlog';
import { tableName } from '@lutra/model';
import type { DdlRecord } from '@lutra/model';
import type { DdlPart, DdlPlan, DdlRefusal } from './carry-out.js';
import { openShadows, saidOf } from './kept-statements.js';
import type { KeptStatement } from './kept-statements.js';
import { mapStatement } from './map-statement.js';
import type { Mapping } from './map-statement.js';
import type { OnlineChange } from './online-change.js';
import { tokensOf } from './statement-tokens.js';

type Redefine = Extract<OnlineChange, { does: 'redefine' }>;

/** `kept`: what is known of the tables of tools, in the order of the log. */
export function redefinition(record: DdlRecord, change: Redefine, kept: readonly KeptStatement[], mapping: Mapping): DdlPlan | DdlRefusal {
  const { table, by, kind, isPlain } = change;
  const swapped = `an online tool has put ${tableName(by)} in the place of ${tableName(table)} at the source`;
  if (kind === 'old') return byHand(`${swapped}: what the table was before comes back`);
  const open = openShadows(kept).find((shadow) => tableName(shadow.table) === tableName(by));
  if (!open) return entered(`${tableName(by)} has become ${tableName(table)}, and nobody here has seen how it was made`);
  if (!isPlain) return byHand(`${swapped}, and the statement does more than that`);
  const alters = open.alters.filter((alter) => !onlyCounts(alter));
  if (alters.length === 0) return byHand(`${swapped}, and no ALTER of it is known: what is new stands in its CREATE TABLE`);
  const parts: DdlPart[] = [];
  for (const alter of alters) {
    const said = saidOf(alter, by, table);
    const here = said && mapStatement({ ...record, ...said }, mapping);
    if (here === null || here === 'nothing') return byHand(`${swapped}; what it did to that cannot be said of the table`);
    if ('reason' in here) return byHand(`${swapped}; what it did to that cannot be said here: ${here.message}`);
    parts.push({ sql: here.sql, record: { ...record, ...said } });
  }
  const target = mapping.router(table);
  const message = `${swapped}. ${advice}`;
  return {
    sql: parts.map(({ sql }) => sql).join(';\n'),
    tables: target ? [target] : [],
    parts,
    held: { reason: 'online-change', message },
  };
}

/** ALTER TABLE t AUTO_INCREMENT = 7, and no more: its rows say where a table goes on counting. */
function onlyCounts({ statement, tables, ...text }: KeptStatement): boolean {
  const behind = Math.max(...tables.map(({ offset, length }) => offset + length));
  const rest = tokensOf(text).filter(({ at }) => at >= behind);
  const words = rest.map((token) => (token.kind === 'number' ? 'n' : keyword(token))).filter((word) => word !== '=');
  return statement === 'ALTER TABLE' && words.join(' ') === 'AUTO_INCREMENT n';
}

/** A table is routed that was not, or whose rows were not: they are in no log. */
export function entered(why: string): DdlRefusal {
  return {
    reason: 'entered',
    message: `${why}: its rows are not in the log. Make the table here as it is at the source, with its rows, and answer "done"`,
  };
}

/** Nobody can say what is to be run. */
export function byHand(why: string): DdlRefusal {
  return {
    reason: 'online-change',
    message: `${why}. Compare the two definitions, do here what is needed, and answer "done"`,
    ways: ['done', 'skip'],
  };
}

const advice =
  'Run the tool here too, or answer "run": then the statements are run as they are shown. It ends by itself once the table here has what they add, and lacks what they drop. Then verify the table: a tool may leave out rows that a new unique key refuses, and CURRENT_TIMESTAMP fills rows with other times on each side';
