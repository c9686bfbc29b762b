/** Statements that take rows away tell of no row, and so of no file. Pure. */
import { createRouter } from '@lutra/model';
import type { DdlRecord, Route } from '@lutra/model';
import { namesOf } from './hold.js';

const takesRows: readonly string[] = ['TRUNCATE TABLE', 'DROP TABLE'];

/** Roots in which files of such rows stay, though their rules let files go. */
export function rootsLeft(record: DdlRecord, routes: readonly Route[]): readonly string[] {
  if (!takesRows.includes(record.statement)) return [];
  const { filesOf } = createRouter(routes);
  const rules = namesOf(record).flatMap((table) => filesOf(table));
  return [...new Set(rules.flatMap(({ root, deletes }) => (deletes === 'keep' ? [] : root)))];
}
