/** A verdict as people read it. Pure. */
import { tableName } from '@lutra/model';
import type { VerifiedTable } from '@lutra/model';

export function verdictText(table: VerifiedTable): string {
  const name = tableName({ database: table.database, name: table.table });
  const asOf = table.asOf === null ? '' : ` as of ${new Date(table.asOf).toISOString()}`;
  const notes = table.notes.length > 0 ? ` (${table.notes.join('; ')})` : '';
  switch (table.verdict) {
    case null:
      return `${name}: not compared yet`;
    case 'equal':
      return `${name}: equal${asOf}, ${table.rows} rows${table.files ? `, ${table.files.named} files` : ''}${notes}`;
    case 'different':
      return `${name}: not equal${asOf}: ${counts(table)}${notes}`;
    case 'unsettled':
      return `${name}: not known${notes}`;
    case 'refused':
      return `${name}: cannot be compared${notes}`;
  }
}

function counts({ missingHere, missingThere, different, extra, ranges, files }: VerifiedTable): string {
  const parts = [
    [missingHere, 'missing at the target'],
    [missingThere, 'missing at the source'],
    [different, 'different'],
    [extra, 'only at the target'],
    [ranges, 'more ranges of keys'],
    [files?.missingHere ?? 0, 'files missing at the target'],
    [files?.missingThere ?? 0, 'files missing at the source'],
    [files?.missing ?? 0, 'files missing on both sides'],
    [files?.different ?? 0, 'files different'],
  ] as const;
  return parts.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : [])).join(', ');
}
