/** Which tables a person may suspend, and which come back together. Pure. */
import { comesBack, createRouter, pipelineRoutes, suspendedByPerson, SyncError, tableName } from '@lutra/model';
import type { ChannelDocument, PipelineDocument, SuspendedByPerson, Suspension, TableName } from '@lutra/model';
import type { Problem } from '../configuration/problem.js';

/** What stands in lutra.suspended. */
export const byPersonCode = 'TABLE_SUSPENDED_BY_PERSON';

export function namesOf(tables: readonly string[]): readonly TableName[] {
  return [...new Set(tables)].map((text) => {
    const dot = text.indexOf('.');
    return { database: text.slice(0, dot), name: text.slice(dot + 1) };
  });
}

/** @throws SyncError CONFIG_INVALID: the pipeline does not carry one */
export function requireCarried(id: string, pipeline: PipelineDocument, tables: readonly TableName[]): void {
  const router = createRouter(pipelineRoutes(pipeline));
  const unknown = tables.filter((table) => router(table) === null);
  if (unknown.length > 0) throw new SyncError('CONFIG_INVALID', `pipeline ${id} does not carry ${unknown.map(tableName).join(', ')}`);
}

/**
 * Both ways a table is left out in both directions, at two places of two logs, and comes back by leaving the routes of both
 * (docs/decisions/0023). So a person takes it out of the routes from the beginning.
 */
export function suspendProblems({ pipelines }: ChannelDocument, pipeline: PipelineDocument, id: string): readonly Problem[] {
  if (!comesBack(pipeline, pipelines)) return [];
  const what = `pipeline ${id} flows both ways, and a table that is suspended in one direction must be left out in the other`;
  return [
    {
      id: 'suspend-two-way',
      severity: 'error',
      what,
      fix: 'put the tables into "exclude" of all pipelines of the channel that carry them',
    },
  ];
}

/** Those of before that stay as they are, and the new ones. */
export function withSuspended(
  channel: ChannelDocument,
  { uid }: PipelineDocument,
  { tables, ...how }: Pick<SuspendedByPerson, 'by' | 'reason' | 'at'> & { readonly tables: readonly TableName[] },
): readonly SuspendedByPerson[] {
  const known = suspendedByPerson(channel, uid);
  const names = new Set(known.map(tableName));
  return [...known, ...tables.filter((table) => !names.has(tableName(table))).map(({ database, name }) => ({ database, name, ...how }))];
}

export interface Returning {
  /** All that the seed copies: those that were asked for, and what foreign keys of the target tie to them. */
  readonly tables: readonly TableName[];
  readonly problems: readonly Problem[];
}

/**
 * @param asked that the pipeline carries
 * @param left what persons still want suspended then
 * @param there at the target
 */
export function returning(asked: readonly TableName[], left: readonly TableName[], there: readonly Suspension[]): Returning {
  const byPerson = there.filter(({ code }) => code === byPersonCode);
  const roots = new Set(asked.map(tableName));
  const stay = new Set(left.map(tableName));
  const tied = byPerson.filter(({ because }) => because !== undefined && roots.has(because));
  const tables = [
    ...new Map([...asked, ...tied].map(({ database, name }) => [tableName({ database, name }), { database, name }])).values(),
  ];
  const problems = [
    ...tied.filter((table) => stay.has(tableName(table))).map((table) => tiedProblem(table.because ?? '', tableName(table))),
    ...byPerson
      .filter((table) => table.because !== undefined && roots.has(tableName(table)) && stay.has(table.because))
      .map((table) => tiedProblem(tableName(table), table.because ?? '')),
  ];
  return { tables, problems };
}

function tiedProblem(table: string, other: string): Problem {
  const what = `foreign keys of the target tie ${table} to ${other}, which stays suspended: they come back together`;
  return { id: 'suspend-tied', severity: 'error', what, fix: `resume ${other} too`, table };
}
