/** Tables of the target that other pipelines write too, or into which several tables of the source go. Pure. */
import { createRouter, shadowReadings, sourceTable, tableName } from '@lutra/model';
import type { DdlRecord, Route, Router, TableName } from '@lutra/model';
import { changedTables } from './changed-tables.js';
import { databaseTarget } from './map-database.js';

export interface Shared {
  readonly router: Router;
  readonly routes: readonly Route[];
  /** Of each other pipeline to the same target. */
  readonly others: readonly (readonly Route[])[];
}

/** Counter-example for carrying it out: a TRUNCATE at one of two sources empties the table of the rows of both. */
export function takesFromOthers(record: DdlRecord, { router, routes, others }: Shared): boolean {
  if (onlyAdds(record)) return false;
  return changedTables(record).some(({ role, database, name }) => {
    if (role === 'database') {
      const target = databaseTarget(database, routes);
      return typeof target !== 'string' && others.some((other) => reaches(target.database, other));
    }
    const target = router({ database, name });
    return target !== null && isWrittenBy(others, target);
  });
}

/** `others`: routes of each other pipeline to the same target. */
export function isWrittenBy(others: Shared['others'], target: TableName): boolean {
  return others.some((routes) => sourceTable(target, routes, createRouter(routes)) !== null);
}

/** Another table of the source that arrives in the same one; where a route renames all that its pattern matches, the pattern. */
export function mergedWith(source: TableName, target: TableName, { routes, router }: Pick<Shared, 'routes' | 'router'>): TableName | null {
  const others = routes.map((route) => sourceTable(target, [route], router));
  return others.find((other) => other !== null && tableName(other) !== tableName(source)) ?? null;
}

function onlyAdds({ statement, clauses }: Pick<DdlRecord, 'statement' | 'clauses'>): boolean {
  return /^CREATE (?:TABLE|INDEX|DATABASE)$/.test(statement) || (clauses?.every(({ action }) => action === 'add') ?? false);
}

function reaches(database: string, routes: readonly Route[]): boolean {
  return routes.some((route) =>
    route.to?.schema === undefined ? createRouter([route]).coversDatabase(database) : route.to.schema === database,
  );
}

/**
 * A shadow that takes the place of a table takes the rows away that others have brought there: it is kept apart. Only its rows of this
 * source would come back with it.
 */
export function apartWhereShared({ router, routes, others }: Shared): Router {
  const isShared = ({ database, name }: TableName): boolean =>
    shadowReadings(name).some(({ of }) => {
      const source = { database, name: of };
      const target = router(source);
      if (target === null) return false;
      return mergedWith(source, target, { routes, router }) !== null || isWrittenBy(others, target);
    });
  const known = new Map<string, boolean>();
  const isApart = (table: TableName): boolean => {
    const key = JSON.stringify([table.database, table.name]);
    let apart = known.get(key);
    if (apart === undefined) known.set(key, (apart = /^(?:implied|travels)$/.test(router.shadow(table) ?? '') && isShared(table)));
    return apart;
  };
  const route = (table: TableName): TableName | null => (isApart(table) ? null : router(table));
  const { coversDatabase } = router;
  return Object.assign(route, { coversDatabase, shadow: (table: TableName) => (isApart(table) ? 'apart' : router.shadow(table)) });
}
