/** What must hold for each pipeline and route on its own. Pure; returns every problem. */
import { findTable, isPattern } from './table-set.js';
import type { Replicated, Flow } from './flow.js';
import { reservedSchemas } from '@lutra/model';
import type { Route } from '@lutra/model';
import type { Problem } from '../configuration/problem.js';

/** A problem and the pipelines (by id) that it is about. */
export interface FlowProblem extends Problem {
  readonly flows: readonly string[];
}

export interface EndpointAddress {
  readonly name: string;
  readonly region: string;
  readonly host: string;
  readonly port: number;
}

export type EndpointAddresses = ReadonlyMap<string, EndpointAddress>;

export function pipelineProblems(flows: readonly Flow[], endpoints: EndpointAddresses): readonly FlowProblem[] {
  return [
    ...duplicateNames(flows),
    ...flows.flatMap((flow) => [
      ...unknownEndpoints(flow, endpoints),
      ...intoItself(flow, endpoints),
      ...withinRegion(flow, endpoints),
      ...flow.routes.flatMap((route, index) => ofRoute(flow, route, flow.replicates[index]!)),
    ]),
  ];
}

function duplicateNames(flows: readonly Flow[]): readonly FlowProblem[] {
  const twice = new Set(flows.map((flow) => flow.id).filter((id, index, ids) => ids.indexOf(id) !== index));
  return [...twice].map((id) => ({
    id: 'pipeline-name-taken',
    severity: 'error',
    what: `two pipelines are named ${id}`,
    fix: 'Give each pipeline of a channel a name of its own: checkpoint, lease and status go by it.',
    flows: [id],
  }));
}

function unknownEndpoints(flow: Flow, endpoints: EndpointAddresses): readonly FlowProblem[] {
  const missing = [...new Set([flow.source, flow.target])].filter((name) => !endpoints.has(name));
  return missing.map((name) => ({
    id: 'endpoint-missing',
    severity: 'error',
    what: `pipeline ${flow.id} names endpoint ${name}, which does not exist`,
    fix: `Create endpoint ${name} first, or correct the name.`,
    flows: [flow.id],
  }));
}

function intoItself(flow: Flow, endpoints: EndpointAddresses): readonly FlowProblem[] {
  if (flow.source === flow.target) {
    const what = `pipeline ${flow.id} has ${flow.source} as source and as target`;
    return [{ id: 'pipeline-into-itself', severity: 'error', what, fix: 'Name two different endpoints.', flows: [flow.id] }];
  }
  const [source, target] = [endpoints.get(flow.source), endpoints.get(flow.target)];
  if (!source || !target || source.host !== target.host || source.port !== target.port) return [];
  const unmoved = flow.replicates.find(
    ({ pattern, to }) => (to?.schema ?? pattern.schema) === pattern.schema && (to?.table ?? pattern.table) === pattern.table,
  );
  if (!unmoved) return [];
  return [
    {
      id: 'pipeline-into-itself',
      severity: 'error',
      what: `pipeline ${flow.id} writes ${unmoved.pattern.schema}.${unmoved.pattern.table} into itself: ${flow.source} and ${flow.target} are the same server (${source.host}:${source.port})`,
      fix: 'Correct the host or port of one endpoint, or rename the tables on the way.',
      flows: [flow.id],
    },
  ];
}

/** A transaction's path holds regions: at the target it would be taken for one that came back. */
function withinRegion(flow: Flow, endpoints: EndpointAddresses): readonly FlowProblem[] {
  const [source, target] = [endpoints.get(flow.source), endpoints.get(flow.target)];
  if (!source || !target || source.name === target.name || source.region !== target.region) return [];
  return [
    {
      id: 'pipeline-within-region',
      severity: 'error',
      what: `pipeline ${flow.id} goes from ${flow.source} to ${flow.target}, both in region ${source.region}`,
      fix: 'Give each of the two databases a region of its own; regions may share a Kafka.',
      flows: [flow.id],
    },
  ];
}

function ofRoute(flow: Flow, route: Route, replicated: Replicated): readonly FlowProblem[] {
  const where = `route ${route.schema}.${route.table} of pipeline ${flow.id}`;
  const problems: FlowProblem[] = [];
  const add = (id: string, what: string, fix: string): void => {
    problems.push({ id, severity: 'error', what: `${where} ${what}`, fix, flows: [flow.id] });
  };
  for (const part of ['schema', 'table'] as const) {
    const renamed = route.to?.[part];
    if (renamed === undefined) continue;
    if (isPattern(route[part]) || isPattern(renamed)) {
      add('route-rename-pattern', `renames its ${part} although one side has a wildcard`, 'Spell out both names, one route for each.');
    }
  }
  if (route.to?.schema !== undefined && reservedSchemas.includes(route.to.schema)) {
    add('route-reserved', `writes into ${route.to.schema}, which belongs to the server or to Lutra`, 'Choose another schema.');
  }
  if (replicatesNothing(route)) {
    add('route-reserved', 'replicates nothing: this schema is never forwarded', 'Remove the route.');
  } else if (findTable([replicated.pattern], replicated.taken.unless) === null) {
    add('route-excluded', 'replicates nothing: exclude leaves out all of it', 'Remove the route, or what excludes it.');
  }
  return problems;
}

function replicatesNothing({ schema, table }: Route): boolean {
  return (
    findTable(
      [{ schema, table }],
      reservedSchemas.map((name) => ({ schema: name, table: '*' })),
    ) === null
  );
}
