/**
 * Which other pipelines a rewind of one would work against. Pure. A replay writes source versions of rows that are older than what the
 * target has: where only this pipeline writes, later records bring every row back to its newest version. Counter-examples: the target's own
 * clients change rows and another pipeline carries them to the source; or a second source writes the same tables. What they changed since
 * is overwritten, and nobody sends it again.
 */
import { goesOn } from './flow.js';
import type { Flow } from './flow.js';
import { arriveTogether, firstTable } from './path.rules.js';

/** Ids of the pipelines whose changes would be overwritten at the target, or whose source would not get them. */
export function overwrittenBy(rewound: Flow, flows: readonly Flow[]): readonly string[] {
  const others = flows.filter((flow) => flow.id !== rewound.id);
  const back = others.filter(
    (flow) => flow.source === rewound.target && firstTable(rewound, flow, (one, other) => goesOn(one, other, [])) !== null,
  );
  const beside = others.filter((flow) => flow.target === rewound.target && firstTable(rewound, flow, arriveTogether) !== null);
  return [...back, ...beside].map((flow) => flow.id);
}
