/** What must hold where two endpoints are each other's source and target. Pure; returns every problem. */
import { goesOn, intoSource, returnsHome } from './flow.js';
import type { Flow } from './flow.js';
import { firstTable } from './path.rules.js';
import type { FlowProblem } from './pipeline.rules.js';
import { findTable } from './table-set.js';

export function twoWayProblems(flows: readonly Flow[]): readonly FlowProblem[] {
  return flows.flatMap((there) => {
    const returning = flows.filter((flow) => flow.source === there.target && flow.target === there.source && flow.source !== flow.target);
    return [...returning.flatMap((back) => cameBackElsewhere(there, back)), ...notCarriedBack(there, returning)];
  });
}

function cameBackElsewhere(there: Flow, back: Flow): readonly FlowProblem[] {
  const table = firstTable(there, back, (first, second) => (returnsHome(first, second) ? null : goesOn(first, second, [])));
  return table === null
    ? []
    : [notMirrored(`${there.id} carries ${table} and ${back.id} brings it back under another name`, [there, back])];
}

/** Within a channel both directions carry the same tables; a flow that goes one way only has a channel of its own. */
function notCarriedBack(there: Flow, returning: readonly Flow[]): readonly FlowProblem[] {
  const backs = returning.filter((back) => back.channel === there.channel);
  if (backs.length === 0) return [];
  const patterns = backs.flatMap((back) => back.carries.map((carried) => carried.pattern));
  const tables = there.carries.map((first) => findTable([first.pattern], [...first.except, ...intoSource(first, patterns)]));
  const table = tables.find((found) => found !== null);
  if (table === undefined || table === null) return [];
  return [
    notMirrored(`${there.id} carries ${table}, which ${backs.map((back) => back.id).join(', ')} does not carry back`, [there, ...backs]),
  ];
}

function notMirrored(what: string, flows: readonly Flow[]): FlowProblem {
  return {
    id: 'two-way-not-mirrored',
    severity: 'error',
    what,
    mend: 'Give both directions the same tables, with each renaming the other way round; what flows one way only goes into a channel of its own.',
    flows: flows.map((flow) => flow.id),
  };
}
