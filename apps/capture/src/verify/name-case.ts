/** What the checks say of names (route-case, lower-case-table-names), once more at the start: a check can be passed over. */
import type { SourceState } from '@lutra/binlog';
import { foldedName, SyncError } from '@lutra/model';
import type { Route } from '@lutra/model';

/** With 1 a route in another case would match no rows, and its DDL would pass. @throws SyncError SOURCE_SETTINGS */
export function requireNameCase(
  endpoint: string,
  { lowerCaseTableNames }: Pick<SourceState, 'lowerCaseTableNames'>,
  routes: readonly Route[],
): void {
  const setting = `endpoint ${endpoint}: lower_case_table_names is ${lowerCaseTableNames}`;
  if (lowerCaseTableNames === 2) throw new SyncError('SOURCE_SETTINGS', `${setting}: only 0 and 1 are supported`);
  if (lowerCaseTableNames === 0) return;
  const names = routes.flatMap(({ schema, table, exclude = [] }) => [`${schema}.${table}`, ...exclude]);
  const wrong = [...new Set(names)].filter((name) => name !== foldedName(name));
  if (wrong.length === 0) return;
  const message = `${setting}, so no table matches ${wrong.join(', ')} in a route: write it ${wrong.map(foldedName).join(', ')}`;
  throw new SyncError('SOURCE_SETTINGS', message, { details: { routes: wrong.join() } });
}
