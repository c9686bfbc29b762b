/** Whether a statement takes something away from a table of the target that another pipeline writes too. Pure. */
import { createRouter, sourceTable } from '@lutra/model';
import type { DdlRecord, Route, Router } from '@lutra/model';
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
    return target !== null && others.some((other) => sourceTable(target, other, createRouter(other)) !== null);
  });
}

function onlyAdds({ statement, clauses }: Pick<DdlRecord, 'statement' | 'clauses'>): boolean {
  return /^CREATE (?:TABLE|INDEX|DATABASE)$/.test(statement) || (clauses?.every(({ action }) => action === 'add') ?? false);
}

function reaches(database: string, routes: readonly Route[]): boolean {
  return routes.some((route) =>
    route.to?.schema === undefined ? createRouter([route]).coversDatabase(database) : route.to.schema === database,
  );
}
