/**
 * lower_case_table_names: with 1 a server keeps names of databases and tables in lower case, and a route in another case matches nothing;
 * with 2 (macOS) it keeps them as they were written and takes all of them for equal, so nothing says what a name in the binlog stands for.
 */
import { excludedPattern, foldedName } from '@lutra/model';
import type { Route, TableName } from '@lutra/model';
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import type { ServerFacts } from './server-facts.js';

const nameCaseOf = (server: ServerFacts): string => server.variables.get('lower_case_table_names') ?? '0';

const howSet =
  'MySQL takes lower_case_table_names only when a data directory is made (mysqld --initialize), MariaDB from my.cnf at the start';

export function checkSourceNames(server: ServerFacts, routes: readonly Route[]): readonly Problem[] {
  const names = routes.map(({ schema, table }) => ({ database: schema, name: table }));
  const excluded = routes.flatMap(({ exclude = [] }) =>
    exclude.map(excludedPattern).map(({ schema, table }) => ({ database: schema, name: table })),
  );
  return [
    ...checkSetting(server),
    ...checkNames(server, names, (name) => `the route ${name} matches no table`),
    ...checkNames(server, excluded, (name) => `the exclude ${name} leaves out no table`),
  ];
}

export function checkTargetNames(server: ServerFacts, routes: readonly Route[]): readonly Problem[] {
  const names = routes.map(({ schema, table, to }) => ({ database: to?.schema ?? schema, name: to?.table ?? table }));
  return [...checkSetting(server), ...checkNames(server, names, (name) => `the target ${name} of a route is no table`)];
}

/** Two names at one side may be one at the other. */
export function checkSameNames(source: ServerFacts, target: ServerFacts): readonly Problem[] {
  const [from, to] = [nameCaseOf(source), nameCaseOf(target)];
  if (from === to) return [];
  const what = `lower_case_table_names is ${from} at the source and ${to} here: names that differ at one side may be one at the other`;
  return [problem('error', 'lower-case-table-names-differ', what, `give both servers the same: ${howSet}`)];
}

function checkSetting(server: ServerFacts): readonly Problem[] {
  if (nameCaseOf(server) !== '2') return [];
  const what = 'lower_case_table_names is 2: names are kept as they were written and compared without case';
  return [problem('error', 'lower-case-table-names', what, `use a server with 0 or 1: ${howSet}`)];
}

function checkNames(server: ServerFacts, names: readonly TableName[], what: (name: string) => string): readonly Problem[] {
  if (nameCaseOf(server) !== '1') return [];
  const written = new Set(names.map(({ database, name }) => `${database}.${name}`));
  return [...written]
    .filter((name) => name !== foldedName(name))
    .map((name) => {
      const why = 'lower_case_table_names=1 keeps names in lower case';
      return problem('error', 'route-case', `${what(name)}: ${why}`, `write it in lower case: ${foldedName(name)}`);
    });
}
