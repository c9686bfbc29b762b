/** What stands in the way of a seed. Pure; returns every problem. */
import { createRuleFinder, isStop, maxSeedTables, tableName } from '@lutra/model';
import type { ChannelInput, PipelineInput, SeedOrder, TableName } from '@lutra/model';
import { quoteName } from '@lutra/mysql';
import type { Problem } from '../configuration/problem.js';
import { isTwoWay, nobodyWins } from './seed-direction.js';
import type { Regions } from './seed-direction.js';
import type { AtTarget, FoundTable, Keyless } from './seed-tables.js';

export interface SeedSubject {
  readonly channel: Pick<ChannelInput, 'pipelines' | 'conflicts'>;
  readonly pipeline: Pick<PipelineInput, 'source' | 'target'>;
  /** `<channel>.<pipeline>` */
  readonly id: string;
  readonly regions: Regions;
}

/** Asked at the servers. */
export interface SeedFacts {
  readonly tables: readonly FoundTable[];
  readonly atTarget: AtTarget;
  /** In the names of the source; so are the next. */
  readonly suspended: readonly TableName[];
  /** The other side repairs them: they stand in lutra.unequal here. */
  readonly unequal: readonly TableName[];
  readonly keyless: Keyless;
  /** At the source, as it is granted to the endpoint's user. */
  mayLock(table: TableName): boolean;
}

type Draft = Pick<SeedOrder, 'tables' | 'where' | 'onExisting' | 'createTables' | 'answers'>;

/** By the documents alone. */
export function orderProblems({ channel, pipeline, id, regions }: SeedSubject, order: Draft): readonly Problem[] {
  const problems: Problem[] = [];
  const ends = [regions.get(pipeline.source), regions.get(pipeline.target)].filter((region) => region !== undefined);
  const twoWay = isTwoWay(channel, pipeline);
  const winners = nobodyWins(channel, pipeline, regions) ? [] : ends;
  const allowed = [...(twoWay ? winners : ['source', 'target']), 'stop'];
  if (!allowed.includes(order.onExisting)) {
    const what = `onExisting: ${order.onExisting}: pipeline ${id} ${twoWay ? 'flows both ways' : 'flows one way'}`;
    problems.push(error('seed-on-existing', what, `one of ${allowed.join(', ')}`));
  }
  if (twoWay && order.where !== undefined) {
    const what = `where: pipeline ${id} flows both ways, and the rows that the condition leaves out would come by their next update`;
    problems.push(error('seed-where', what, 'leave where out'));
  }
  return problems;
}

/** With what the servers said. */
export function tableProblems({ channel, pipeline, id }: SeedSubject, order: Draft, facts: SeedFacts): readonly Problem[] {
  const { tables } = facts;
  if (tables.length === 0) {
    const what = `no table at ${pipeline.source} that pipeline ${id} carries matches ${order.tables.join(', ')}`;
    return [error('seed-no-tables', what, 'correct the patterns, or add a route')];
  }
  const problems: Problem[] = [];
  if (tables.length > maxSeedTables) {
    const what = `${tables.length} tables; one order takes ${maxSeedTables}`;
    problems.push(error('seed-too-many-tables', what, 'order them in parts, one after the other'));
  }
  // Each is put aside at the target before it is seeded.
  if (order.answers && tables.length < order.tables.length) {
    const what = `of ${order.tables.join(', ')} only ${tables.map(({ source }) => tableName(source)).join(', ')} are there at ${pipeline.source}`;
    problems.push(error('seed-no-tables', what, 'answer "done" or "skip"'));
  }
  return [
    ...problems,
    ...suspendedTables(id, facts),
    ...unequalTables(pipeline, facts),
    ...keptRows(channel, order, tables),
    ...lockedTables(pipeline, facts),
    ...tables.flatMap((table) => [...keyProblems(table, order, facts.keyless), ...absentAtTarget(table, order, { pipeline, facts })]),
  ];
}

function suspendedTables(id: string, { tables, suspended }: SeedFacts): readonly Problem[] {
  const names = new Set(suspended.map(tableName));
  return tables
    .filter(({ source }) => names.has(tableName(source)))
    .map(({ source }) =>
      error(
        'seed-suspended',
        `${tableName(source)} is suspended in pipeline ${id}: its changes are not in the log, so a copy would not stay equal`,
        'bring the table back first (docs/02-setup.md, A table that is suspended)',
        tableName(source),
      ),
    );
}

/** Rows that both sides send to each other at once are swapped. */
function unequalTables(pipeline: SeedSubject['pipeline'], { tables, unequal }: SeedFacts): readonly Problem[] {
  const names = new Set(unequal.map(tableName));
  return tables
    .filter(({ source }) => names.has(tableName(source)))
    .map(({ source }) => {
      const what = `${tableName(source)} at ${pipeline.source} is being repaired by ${pipeline.target}: both sides would send each other rows`;
      return error('seed-not-known-equal', what, 'wait until it is equal (GET …/verify), or cancel the repair', tableName(source));
    });
}

/** A row that is kept differs from the source's, so the next update of it meets a conflict. */
function keptRows(channel: SeedSubject['channel'], order: Draft, tables: readonly FoundTable[]): readonly Problem[] {
  if (order.onExisting !== 'target') return [];
  const ruleOf = createRuleFinder(channel.conflicts.rules);
  return tables
    .filter(({ target }) => isStop(ruleOf(target)))
    .map(({ source }) =>
      error(
        'seed-keeps-and-stops',
        `${tableName(source)}: onExisting: target keeps rows that differ, and by the policy stop the next update of one stops the pipeline`,
        'say onExisting: source, or give the table another policy',
        tableName(source),
      ),
    );
}

/** A warning: capture refuses the table, and seeds the others. */
function lockedTables({ source: endpoint }: SeedSubject['pipeline'], { tables, keyless, mayLock }: SeedFacts): readonly Problem[] {
  return tables
    .filter(({ source }) => keyless.get(tableName(source)) === null && !mayLock(source))
    .map(({ source }) => {
      const what = `${tableName(source)} has no key, and is copied whole under a lock that the user at ${endpoint} may not take: it will be refused`;
      const fix = `GRANT LOCK TABLES ON ${quoteName(source.database)}.* to the user of endpoint ${endpoint}, and order again`;
      return { id: 'seed-lock', severity: 'warning', what, fix, table: tableName(source) };
    });
}

/** A table that a pattern brings along is left out with a warning; one that is named is an error. */
function keyProblems({ source, key }: FoundTable, { tables: patterns, answers }: Draft, keyless: Keyless): readonly Problem[] {
  const approximate = key.filter(({ type }) => type.toLowerCase() === 'float');
  if (key.length > 0 && approximate.length === 0) return [];
  const name = tableName(source);
  const whyNotWhole = keyless.get(name);
  if (key.length === 0 && whyNotWhole === null) return [];
  const severity = answers || patterns.includes(name) ? 'error' : 'warning';
  const why =
    key.length === 0
      ? 'has no primary key, and no unique key over whole NOT NULL columns'
      : `has ${approximate.map((column) => column.name).join(', ')} (FLOAT) in its primary key`;
  const give =
    key.length === 0
      ? 'ALTER TABLE … ADD PRIMARY KEY (…) on both sides'
      : 'ALTER TABLE … MODIFY the column to DOUBLE or DECIMAL on both sides';
  const what = `${name} ${why}: it cannot be read in ranges of its key and is not seeded${whyNotWhole ? `, nor is it copied whole (${whyNotWhole})` : ''}`;
  const fix = `${give}; or leave the table out, and load it from a dump (docs/02-setup.md, Seeding the second database)`;
  return [{ id: 'seed-key', severity, what, fix, table: name }];
}

function absentAtTarget(
  table: FoundTable,
  { createTables }: Draft,
  { pipeline, facts }: { readonly pipeline: SeedSubject['pipeline']; readonly facts: SeedFacts },
): readonly Problem[] {
  if (createTables || facts.atTarget(table) !== null) return [];
  const what = `${tableName(table.target)} does not exist at ${pipeline.target}, or its user may not see it`;
  return [error('seed-table-missing', what, 'say "createTables": true, or create it', tableName(table.source))];
}

function error(id: string, what: string, fix: string, table?: string): Problem {
  return { id, severity: 'error', what, fix, ...(table !== undefined && { table }) };
}
