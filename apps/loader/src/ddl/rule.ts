/** What a pipeline does with a schema change by itself, and whose it is where something flows both ways. Pure. */
import { createHomeFinder, createRouter, ddlPolicy } from '@lutra/model';
import type { DdlPolicy, DdlRecord, Route, Router } from '@lutra/model';
import type { DdlWork, LoaderWork } from '../assignments.js';
import { changedTables } from './changed-tables.js';
import { databaseTarget } from './map-database.js';
import { takesFromOthers } from './shared-tables.js';

export interface DdlRule {
  readonly does: DdlPolicy;
  /** What is run here may come back. */
  readonly bothWays: boolean;
  /** Both ways, of a statement that does not come from where its tables are at home; else null. */
  readonly elsewhere: Elsewhere | null;
}

export interface Elsewhere {
  /** Of its tables; one, mostly. */
  readonly homes: readonly string[];
  /** The region that it comes from. */
  readonly from: string;
  /** They are all at home at the target: what a person has run here is this region's own. */
  readonly isHere: boolean;
}

export interface RuleOptions {
  /** That is in force, and that the configuration says now: what is said of schema changes counts at once. */
  readonly now: Pick<LoaderWork, 'ddl'>;
  readonly newest: Pick<LoaderWork, 'ddl' | 'target'>;
  readonly router: Router;
  readonly routes: readonly Route[];
}

/** Where something flows both ways, nothing is applied whose home is not known, or where a third region writes by itself. */
export function ruleOf(record: DdlRecord, { now, newest, router, routes }: RuleOptions): DdlRule {
  const { ddl, target } = newest;
  if (!ddl) return { does: 'stop', bothWays: false, elsewhere: null };
  const bothWays = ddl.bothWays || now.ddl?.bothWays === true;
  const homes = bothWays ? homesOf(record, ddl, { router, routes }) : [];
  const known = [...new Set(homes.flatMap((home) => home ?? []))];
  const from = record.path.at(-1) ?? record.origin;
  const isElsewhere = known.some((home) => home !== from);
  const elsewhere = isElsewhere ? { homes: known, from, isHere: known.every((home) => home === target.region) } : null;
  const isMesh = ddl.isMesh || now.ddl?.isMesh === true;
  const mayApply = !bothWays || (record.statement !== 'TRUNCATE TABLE' && !isMesh && known.length > 0 && !homes.includes(null));
  const policy = ddlPolicy(ddl.settings, record.statement, bothWays);
  const isRefused = policy === 'apply' && (!mayApply || takesFromOthers(record, { router, routes, others: ddl.others ?? [] }));
  return { does: isRefused ? 'stop' : policy, bothWays, elsewhere };
}

/** Of each of its tables; null: none is named. */
function homesOf(record: DdlRecord, ddl: DdlWork, { router, routes }: Pick<RuleOptions, 'router' | 'routes'>): readonly (string | null)[] {
  const homeOf = createHomeFinder(ddl.homes, ddl.home ?? undefined);
  return changedTables(record).flatMap(({ database, name }) => {
    if (name === '*') {
      const target = databaseTarget(database, routes);
      return typeof target === 'string' ? [] : homesOfDatabase(target.database, ddl);
    }
    const target = router({ database, name });
    return target === null ? [] : [homeOf(target)];
  });
}

/** Its tables may be at home in several regions. */
function homesOfDatabase(database: string, { homes, home }: DdlWork): readonly (string | null)[] {
  const matching = homes.filter(({ schema }) => createRouter([{ schema, table: '*' }])({ database, name: 't' }) !== null);
  const whole = matching.findIndex(({ table }) => /^\*+$/.test(table));
  return whole === -1 ? [...matching.map(({ region }) => region), home] : matching.slice(0, whole + 1).map(({ region }) => region);
}
