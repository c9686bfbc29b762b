/**
 * The columns of a source table whose rows capture refuses, told before the first row: each by name, with why. What both sides decide by is
 * in @lutra/rows (the types) and @lutra/model (year-sign.ts); the matrix of types (test/types/) holds one side against the other on real
 * servers.
 */
import { signsAreTold, yearSignOf } from '@lutra/model';
import { isOfKind, rulesOf } from '@lutra/rows';
import type { ServerFacts } from './server-facts.js';
import type { TargetColumn, TargetTable } from './target-definition.js';

export interface RefusedColumn {
  readonly name: string;
  readonly why: string;
}

export function refusedColumns(
  { columns, computed }: TargetTable,
  server: Pick<ServerFacts, 'flavor' | 'version' | 'number'>,
): readonly RefusedColumn[] {
  const refused = columns.flatMap((column) => {
    const why = reasonOf(column, server.flavor);
    return why === null ? [] : [{ name: column.name, why }];
  });
  if (server.flavor === 'mysql' && server.number <= hidesColumns) {
    for (const { what, name } of computed)
      if (what === 'index') refused.push({ name, why: 'an index over an expression, whose hidden column this server does not log' });
  }
  const unsigned = numbersOf(columns);
  if (signsAreTold(unsigned, yearSignOf(server.version))) return refused;
  const year = columns.find(({ type }) => type === 'year')?.name ?? '';
  return [...refused, { name: year, why: 'whether the numbers after a YEAR column are unsigned is not proven for MySQL 8.0.16 to 8.0.28' }];
}

/** MySQL 8.0.15 names the hidden columns of such indexes in the table map, and leaves them out of the rows. 9.7 does not. */
const hidesColumns = 80_015;

function reasonOf(column: TargetColumn, flavor: ServerFacts['flavor']): string | null {
  const { type, columnType } = column;
  return type === 'other' ? `${columnType} is not supported` : rulesOf(type).server.refused(column, flavor);
}

/** Of the columns that have a bit in the table map; null: YEAR. */
function numbersOf(columns: readonly TargetColumn[]): readonly (boolean | null)[] {
  return columns.flatMap(({ type, unsigned }) =>
    type === 'year' ? [null] : isOfKind(type, 'whole', 'decimal', 'floating') ? [unsigned] : [],
  );
}
