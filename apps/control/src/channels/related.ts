/**
 * Flows in groups, so that no rule can find a table that flows of two groups share. Without groups the rules look at each pair of flows,
 * which takes seconds with 1,000 channels between two endpoints. Pure.
 *
 * A table keeps its schema or gets the one that a route names. So flows are related if a schema of one is a schema of the other, and where
 * a pattern stands for schemas, all are. The flows of a channel stay together.
 */
import type { Flow } from './flow.js';
import { isPattern } from './table-set.js';

export function related(flows: readonly Flow[]): readonly (readonly Flow[])[] {
  const parents = new Map<string, string>();
  const rootOf = (label: string): string => {
    let root = label;
    for (let next = parents.get(root); next !== undefined; next = parents.get(root)) root = next;
    if (root !== label) parents.set(label, root);
    return root;
  };
  for (const flow of flows) {
    const [first = '', ...others] = labelsOf(flow);
    for (const label of others) {
      const [one, other] = [rootOf(first), rootOf(label)];
      if (one !== other) parents.set(one, other);
    }
  }
  return flows.some(hasPattern) ? [flows] : [...Map.groupBy(flows, (flow) => rootOf(`channel ${flow.channel}`)).values()];
}

function labelsOf(flow: Flow): readonly string[] {
  return [`channel ${flow.channel}`, ...schemasOf(flow).map((schema) => `schema ${schema}`)];
}

function schemasOf({ routes }: Flow): readonly string[] {
  return routes.flatMap(({ schema, to }) => (to?.schema === undefined ? [schema] : [schema, to.schema]));
}

function hasPattern(flow: Flow): boolean {
  return schemasOf(flow).some(isPattern);
}
