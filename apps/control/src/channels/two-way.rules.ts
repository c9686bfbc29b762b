/**
 * What must hold where two endpoints are each other's source and target. Pure; returns every problem.
 *
 * Loaders look for conflicts among the pipelines of their channel: who carries a table back, and who brings it from third regions. In
 * another channel they would not find them, and the sides would differ without a word.
 */
import { goesOn, intoSource, returnsHome } from './flow.js';
import type { Carried, Flow } from './flow.js';
import { arriveTogether, firstTable } from './path.rules.js';
import type { FlowProblem } from './pipeline.rules.js';
import { findTable } from './table-set.js';

export function twoWayProblems(flows: readonly Flow[]): readonly FlowProblem[] {
  return flows.flatMap((there) => {
    const returning = flows.filter((flow) => flow.source === there.target && flow.target === there.source && flow.source !== flow.target);
    return [
      ...returning.flatMap((back) => [...cameBackElsewhere(there, back), ...backInAnotherChannel(there, back)]),
      ...notCarriedBack(there, returning),
      ...(returning.some((back) => back.channel === there.channel) ? thirdInAnotherChannel(there, flows) : []),
    ];
  });
}

/** Told once, by the first of the two. */
function backInAnotherChannel(there: Flow, back: Flow): readonly FlowProblem[] {
  if (there.channel === back.channel || there.id > back.id) return [];
  const table = firstTable(there, back, (first, second) => goesOn(first, second, []));
  if (table === null) return [];
  const what = `${table} goes from ${there.source} to ${there.target} (${there.id}) and back (${back.id}) in two channels: nobody would look for conflicts`;
  return [split(what, [there, back])];
}

/** A mesh: a third endpoint brings a table to both. Where one of the two forwards it to the other instead, it is that one's. */
function thirdInAnotherChannel(there: Flow, flows: readonly Flow[]): readonly FlowProblem[] {
  if (there.source > there.target) return []; // told by the way back
  const thirds = flows.filter(({ source, target }) => target === there.target && source !== there.source);
  return thirds.flatMap((third) => {
    const direct = flows.filter(({ source, target }) => source === third.source && target === there.source);
    const other = direct.find((flow) => third.channel !== there.channel || flow.channel !== there.channel);
    const table = other ? firstTable(there, third, (first, second) => broughtToBoth(first, second, other)) : null;
    if (!other || table === null) return [];
    const what = `${there.source}, ${there.target} and ${third.source} all write ${table}, in more than one channel (${there.id}, ${third.id}, ${other.id}): their conflicts would not be found`;
    return [split(what, [there, third, other])];
  });
}

function broughtToBoth(first: Carried, third: Carried, other: Flow): string | null {
  const told = other.carries.find(({ pattern, except }) => findTable([pattern, third.pattern], [...except, ...third.except]) !== null);
  return told ? arriveTogether(first, third) : null;
}

function split(what: string, flows: readonly Flow[]): FlowProblem {
  const mend = 'Put the pipelines of these tables into one channel.';
  return { id: 'two-way-split', severity: 'error', what, mend, flows: flows.map((flow) => flow.id) };
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
  const patterns = backs.flatMap((back) => back.carries.map((carried) => carried.taken));
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
