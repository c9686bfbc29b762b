/** How much a seed is to copy, as it is shown before it is given. Pure. */
import type { SeedLook } from './seed-look.service.js';

/** What a topic holds of a row beside its columns, before compression. */
const envelopeBytes = 350;

export function amounts({ tables, atTarget, createTables }: Pick<SeedLook, 'tables' | 'atTarget' | 'createTables'>) {
  const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
  const rows = sum(tables.map((table) => table.rows));
  const bytes = sum(tables.map((table) => table.bytes));
  const shown = tables.map((table) => {
    const rowsAtTarget = atTarget(table);
    return {
      source: { schema: table.source.database, table: table.source.name },
      target: { schema: table.target.database, table: table.target.name },
      rows: table.rows,
      bytes: table.bytes,
      rowsAtTarget,
      created: createTables && rowsAtTarget === null,
    };
  });
  return { tables: shown, rows, bytes, topicBytes: bytes + rows * envelopeBytes };
}
