/**
 * By which ways the rows of an endpoint come to another: through one pipeline, and on through those that forward. Pure.
 *
 * Pairs of pipelines do not tell. Counter-example: a → b → d and a → c → d share neither source nor target, and yet d gets each row of a
 * twice.
 */
import { setThroughRoute, throughRoute } from './flow.js';
import type { Replicated, Flow } from './flow.js';
import { findTable } from './table-set.js';
import type { TablePattern, TableSet } from './table-set.js';

/**
 * One way, by one route of each pipeline. The tables that it carries are those of `inside` and not of `outside`, in the names of its
 * source.
 */
export interface Stream {
  readonly flows: readonly Flow[];
  readonly hops: readonly Replicated[];
  readonly inside: readonly TablePattern[];
  readonly outside: readonly TableSet[];
}

/** From one pipeline on. A loader passes what has been at its target before, so no way goes through an endpoint twice. */
export function* streamsFrom(first: Flow, flows: readonly Flow[]): Generator<Stream> {
  for (const replicated of first.replicates)
    yield* onward({ flows: [first], hops: [replicated], inside: [replicated.pattern], outside: replicated.except }, flows);
}

function* onward(stream: Stream, flows: readonly Flow[]): Generator<Stream> {
  yield stream;
  const been = new Set(stream.flows.flatMap(({ source, target }) => [source, target]));
  const from = stream.flows.at(-1)?.target;
  for (const next of flows) {
    if (!next.forwards || next.source !== from || been.has(next.target)) continue;
    for (const replicated of next.replicates) {
      const longer = extended(stream, next, replicated);
      if (longer) yield* onward(longer, flows);
    }
  }
}

function extended({ flows, hops, inside, outside }: Stream, flow: Flow, replicated: Replicated): Stream | null {
  const pattern = atSource(hops, replicated.pattern);
  if (!pattern) return null;
  const stream = {
    flows: [...flows, flow],
    hops: [...hops, replicated],
    inside: [...inside, pattern],
    outside: [...outside, ...replicated.except.flatMap((except) => setAtSource(hops, except) ?? [])],
  };
  return findTable(stream.inside, stream.outside) === null ? null : stream;
}

/** A pattern in the names of where the hops lead, said in those of where they begin; null if nothing arrives under it. */
function atSource(hops: readonly Replicated[], pattern: TablePattern): TablePattern | null {
  return hops.reduceRight<TablePattern | null>((name, hop) => name && throughRoute(hop, name), pattern);
}

function setAtSource(hops: readonly Replicated[], set: TableSet): TableSet | null {
  return hops.reduceRight<TableSet | null>((name, hop) => name && setThroughRoute(hop, name), set);
}

/** A table that two ways bring from one endpoint to one other. */
export function broughtTwice(one: Stream, other: Stream): string | null {
  if (one.flows.at(-1)?.target !== other.flows.at(-1)?.target) return null;
  if (one.flows.length === other.flows.length && one.flows.every((flow, index) => flow.id === other.flows[index]?.id)) return null;
  return findTable([...one.inside, ...other.inside], [...one.outside, ...other.outside]);
}
