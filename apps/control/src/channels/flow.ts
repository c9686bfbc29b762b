/** What the pipelines of all channels carry, as sets of tables in the names of their source. Pure. */
import { excludedPattern, pipelineName, pipelineRoutes, reservedSchemas } from '@lutra/model';
import type { ChannelInput, Route } from '@lutra/model';
import { apart, findTable } from './table-set.js';
import type { TablePattern, TableSet } from './table-set.js';

/** The tables that one route of a pipeline carries: `pattern`, but not `except` (what it excludes, earlier routes, reserved schemas). */
export interface Replicated {
  readonly pattern: TablePattern;
  readonly except: readonly TableSet[];
  /** What the route takes, whatever comes before it. */
  readonly taken: TableSet;
  readonly to: Route['to'];
}

/** One pipeline, seen from outside its channel. */
export interface Flow {
  /** `<channel>.<pipeline>` */
  readonly id: string;
  readonly channel: string;
  readonly source: string;
  readonly target: string;
  readonly routes: readonly Route[];
  /** It forwards what loaders wrote at its source. */
  readonly forwards: boolean;
  /** One entry a route, in their order. */
  readonly replicates: readonly Replicated[];
}

export function flowsOf(channel: ChannelInput): readonly Flow[] {
  return channel.pipelines.map((pipeline) => ({
    id: pipelineName(channel.name, pipeline.name),
    channel: channel.name,
    source: pipeline.source,
    target: pipeline.target,
    routes: pipeline.routes,
    forwards: pipeline.forwards,
    replicates: replicatedBy(pipelineRoutes(pipeline)),
  }));
}

const reserved: readonly TablePattern[] = reservedSchemas.map((schema) => ({ schema, table: '*' }));

function replicatedBy(routes: readonly Route[]): readonly Replicated[] {
  const all = routes.map(takenBy);
  return routes.map((route, index) => {
    const taken = all[index]!;
    const { schema, table, unless = [] } = taken;
    const earlier = all.slice(0, index).filter((other) => meets(other, taken));
    return { pattern: { schema, table }, except: [...reserved, ...unless, ...earlier], taken, to: route.to };
  });
}

/** What a route takes, without those before it. */
export function takenBy({ schema, table, exclude = [] }: Route): TableSet {
  return { schema, table, unless: exclude.map(excludedPattern) };
}

/** Whether two patterns share a table. */
export function meets(one: TablePattern, other: TablePattern): boolean {
  return !apart(one, other) && findTable([one, other]) !== null;
}

const parts = ['schema', 'table'] as const;

/**
 * A pattern in the target's names, said in the source's names; null if nothing that the route carries arrives under it.
 * A renamed part is spelled out on both sides (the rules see to it), so it matches as a whole or not at all.
 */
export function throughRoute(replicated: Replicated, pattern: TablePattern): TablePattern | null {
  const answer = { schema: pattern.schema, table: pattern.table };
  for (const part of parts) {
    const renamed = replicated.to?.[part];
    if (renamed === undefined) continue;
    if (!meets({ schema: renamed, table: 'x' }, { schema: pattern[part], table: 'x' })) return null;
    answer[part] = '*';
  }
  return answer;
}

/**
 * Where two routes bring a table to one name: the condition on its source name as a pattern, or null if they never do.
 */
export function sameArrival(one: Replicated, other: Replicated): TablePattern | null {
  const answer = { schema: '*', table: '*' };
  for (const part of parts) {
    const [first, second] = [one.to?.[part], other.to?.[part]];
    if (first !== undefined && second !== undefined && first !== second) return null;
    if ((first === undefined) !== (second === undefined)) answer[part] = first ?? second ?? '*';
  }
  return answer;
}

/** Whether a table that goes by `there` and comes back by `back` has its own name again. Call it only if some table does. */
export function returnsHome(there: Replicated, back: Replicated): boolean {
  return parts.every((part) => {
    const [renamedThere, renamedBack] = [there.to?.[part], back.to?.[part]];
    if (renamedThere === undefined && renamedBack === undefined) return true;
    const home = renamedThere === undefined ? back.pattern[part] : there.pattern[part];
    return (renamedBack ?? renamedThere) === home;
  });
}

/** Patterns in the target's names, said in the source's names. */
export function intoSource(replicated: Replicated, patterns: readonly TableSet[]): readonly TableSet[] {
  return patterns.flatMap((set) => setThroughRoute(replicated, set) ?? []);
}

/** The same of what a pattern leaves. */
export function setThroughRoute(replicated: Replicated, set: TableSet): TableSet | null {
  const pattern = throughRoute(replicated, set);
  return pattern && { ...pattern, unless: (set.unless ?? []).flatMap((one) => throughRoute(replicated, one) ?? []) };
}

/** A table of one source that both routes carry and that meets `condition`; null if there is none. */
export function sharedTable(one: Replicated, other: Replicated, condition: TablePattern): string | null {
  if (!meets(one.pattern, other.pattern)) return null;
  return findTable([one.pattern, other.pattern, condition], [...one.except, ...other.except]);
}

/** A table, in the names of the first source, that the first route replicates, the second forwards, and none of `except` matches. */
export function goesOn(first: Replicated, second: Replicated, except: readonly TableSet[]): string | null {
  const onward = throughRoute(first, second.pattern);
  if (!onward || !meets(first.pattern, onward)) return null;
  return findTable([first.pattern, onward], [...first.except, ...intoSource(first, second.except), ...except]);
}
