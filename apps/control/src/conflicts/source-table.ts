/** The routes of a pipeline backwards: which table of the source arrives as this one. Pure. */
import type { Route, Router, TableName } from '@lutra/model';

/** null: none does. A renamed part is spelled out in its route, so there is one candidate a route. */
export function sourceTable(target: TableName, routes: readonly Route[], router: Router): TableName | null {
  const candidates = routes.map(({ schema, table, to }) => ({
    database: to?.schema === undefined ? target.database : schema,
    name: to?.table === undefined ? target.name : table,
  }));
  const arrives = (candidate: TableName): boolean => {
    const found = router(candidate);
    return found?.database === target.database && found.name === target.name;
  };
  return candidates.find(arrives) ?? null;
}
