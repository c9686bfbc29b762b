/**
 * What must hold between pipelines of all channels, so that each transaction reaches each target once. Pure; returns every problem.
 *
 * A transaction that a loader wrote is not forwarded by the target's capture (loop prevention), unless a pipeline asks for it. Hence a
 * chain S → E → T brings S's rows to T only if E → T forwards, or if there is a pipeline S → T as well: without one of them T would miss
 * them silently, with both it would get them twice, so such chains are refused.
 */
import { goesOn, meets, sameArrival, sharedTable } from './flow.js';
import type { Replicated, Flow } from './flow.js';
import type { FlowProblem } from './pipeline.rules.js';
import { broughtTwice, streamsFrom } from './streams.js';
import type { Stream } from './streams.js';
import { findTable } from './table-set.js';

/** @param all of the topology; `flows` are those of it that may share tables */
export function pathProblems(flows: readonly Flow[], all: readonly Flow[] = flows): readonly FlowProblem[] {
  // By endpoint: with 1,000 channels a look at all pairs, and at all flows for each, takes a second.
  const bySource = Map.groupBy(flows, ({ source }) => source);
  const sameTarget = [...Map.groupBy(flows, ({ target }) => target).values()];
  const pairs = sameTarget.flatMap((group) => group.flatMap((one, index) => group.slice(index + 1).map((other) => [one, other] as const)));
  return [
    ...pairs.flatMap(([one, other]) => deliveredTwice(one, other)),
    ...forwardedTwice(flows),
    ...flows.flatMap((first) =>
      (bySource.get(first.target) ?? []).flatMap((second) => notForwarded(first, second, bySource.get(first.source) ?? [])),
    ),
    ...pairs.flatMap(([one, other]) => sharedTarget(one, other, all)),
  ];
}

/** The first table that `find` names for a route of the one and a route of the other. */
export function firstTable(one: Flow, other: Flow, find: (one: Replicated, other: Replicated) => string | null): string | null {
  for (const first of one.replicates) {
    for (const second of other.replicates) {
      const table = find(first, second);
      if (table !== null) return table;
    }
  }
  return null;
}

function deliveredTwice(one: Flow, other: Flow): readonly FlowProblem[] {
  if (one.id === other.id || one.source !== other.source || one.target !== other.target) return [];
  const table = firstTable(one, other, (first, second) => {
    const arrival = sameArrival(first, second);
    return arrival && sharedTable(first, second, arrival);
  });
  if (table === null) return [];
  return [
    {
      id: 'delivered-twice',
      severity: 'error',
      what: `pipelines ${one.id} and ${other.id} both bring ${table} from ${one.source} to ${one.target}`,
      fix: 'Narrow the routes of one of them, or remove it.',
      flows: [one.id, other.id],
    },
  ];
}

/** One problem for each source is enough: its fix changes the others. */
function forwardedTwice(flows: readonly Flow[]): readonly FlowProblem[] {
  if (!flows.some((flow) => flow.forwards)) return [];
  const sources = [...new Set(flows.map((flow) => flow.source))];
  return sources.flatMap((source) => {
    const streams = flows.filter((flow) => flow.source === source).flatMap((flow) => [...streamsFrom(flow, flows)]);
    for (const [index, one] of streams.entries()) {
      for (const other of streams.slice(index + 1)) {
        // Two pipelines from one endpoint to another are told above.
        const table = one.flows.length + other.flows.length > 2 ? broughtTwice(one, other) : null;
        if (table !== null) return [twice(table, [one, other])];
      }
    }
    return [];
  });
}

function twice(table: string, streams: readonly Stream[]): FlowProblem {
  const ways = streams.map(({ flows }) => flows.map(({ id }) => id).join(', '));
  const flows = streams.flatMap((stream) => stream.flows);
  return {
    id: 'delivered-twice',
    severity: 'error',
    what: `${table} of ${flows[0]?.source} comes to ${flows.at(-1)?.target} by two ways: ${ways.join('; and by ')}`,
    fix: 'Let one of the pipelines on these ways not forward, narrow its routes, or remove it.',
    flows: [...new Set(flows.map(({ id }) => id))],
  };
}

/** @param beside all flows from the source of the first one */
function notForwarded(first: Flow, second: Flow, beside: readonly Flow[]): readonly FlowProblem[] {
  if (second.forwards || first.target !== second.source || first.source === second.target || first.source === first.target) return [];
  const direct = beside
    .filter((flow) => flow.target === second.target)
    .flatMap((flow) => flow.replicates.map((replicated) => replicated.taken));
  const table = firstTable(first, second, (one, other) => goesOn(one, other, direct));
  if (table === null) return [];
  const chain = `${table} goes from ${first.source} to ${first.target} (${first.id}) and on to ${second.target} (${second.id})`;
  return [
    {
      id: 'not-forwarded',
      severity: 'error',
      what: `${chain}, but ${second.id} does not forward what a loader wrote: ${second.target} would miss the rows of ${first.source}`,
      fix: `Add a pipeline from ${first.source} to ${second.target} for these tables (a mesh; in the same channel where they flow both ways), let ${second.id} forward ("forwards": true), or take them out of it.`,
      flows: [first.id, second.id],
    },
  ];
}

/**
 * Two sources, one table: fine in a mesh, where the sources are in sync themselves, or around a hub, which keeps them so; else a matter of
 * who owns which rows.
 */
function sharedTarget(one: Flow, other: Flow, flows: readonly Flow[]): readonly FlowProblem[] {
  if (one.target !== other.target || one.source === other.source) return [];
  const hub = one.target;
  const linked = (from: string, to: string): boolean =>
    flows.some(({ source, target, forwards }) => target === to && (source === from || (source === hub && forwards)));
  if (linked(one.source, other.source) && linked(other.source, one.source)) return [];
  const table = firstTable(one, other, arriveTogether);
  if (table === null) return [];
  return [
    {
      id: 'target-shared',
      severity: 'warning',
      what: `${one.id} and ${other.id} both write ${table} at ${one.target}, and ${one.source} and ${other.source} are not in sync with each other`,
      fix: 'Make sure that no row (by primary or unique key) exists in both sources: the second one would stop with ROW_CONFLICT.',
      flows: [one.id, other.id],
    },
  ];
}

/** A table at the target that both routes write. */
export function arriveTogether(first: Replicated, second: Replicated): string | null {
  const arrival = ({ pattern, to }: Replicated) => ({ schema: to?.schema ?? pattern.schema, table: to?.table ?? pattern.table });
  if (!meets(arrival(first), arrival(second))) return null;
  // What is left out has its names at the source: where these are those of the target, too, it tells.
  const except = [first, second].flatMap(({ to, except: left }) => (to?.schema === undefined && to?.table === undefined ? left : []));
  return findTable([arrival(first), arrival(second)], except);
}
