/**
 * What must hold where two endpoints are each other's source and target. Pure; returns every problem.
 *
 * Loaders look for conflicts among the pipelines of their channel: who carries a table back, and who brings it from third regions. In
 * another channel they would not find them, and the sides would differ without a word.
 */
import { goesOn, intoSource, returnsHome } from './flow.js';
import type { Replicated, Flow } from './flow.js';
import { arriveTogether, firstTable } from './path.rules.js';
import type { FlowProblem } from './pipeline.rules.js';
import { findTable } from './table-set.js';

export function twoWayProblems(flows: readonly Flow[]): readonly FlowProblem[] {
  return flows.flatMap((there) => {
    const returning = flows.filter((flow) => flow.source === there.target && flow.target === there.source && flow.source !== flow.target);
    return [
      ...returning.flatMap((back) => [...cameBackElsewhere(there, back), ...backInAnotherChannel(there, back)]),
      ...notReplicatedBack(there, returning),
      ...(returning.some((back) => back.channel === there.channel) ? writerInAnotherChannel(there, flows) : []),
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
function writerInAnotherChannel(there: Flow, flows: readonly Flow[]): readonly FlowProblem[] {
  if (there.source > there.target) return []; // told by the way back
  const otherWriters = flows.filter(({ source, target }) => target === there.target && source !== there.source);
  return otherWriters.flatMap((otherWriter) => {
    const direct = flows.filter(({ source, target }) => source === otherWriter.source && target === there.source);
    const others = direct.filter((flow) => otherWriter.channel !== there.channel || flow.channel !== there.channel);
    const bringing = others.map((other) => ({
      other,
      table: firstTable(there, otherWriter, (first, second) => broughtToBoth(first, second, other)),
    }));
    const told = bringing.find(({ table }) => table !== null);
    if (!told) return [];
    const { other, table } = told;
    const what = `${there.source}, ${there.target} and ${otherWriter.source} all write ${table}, in more than one channel (${there.id}, ${otherWriter.id}, ${other.id}): their conflicts would not be found`;
    return [split(what, [there, otherWriter, other])];
  });
}

function broughtToBoth(first: Replicated, otherWriter: Replicated, other: Flow): string | null {
  const told = other.replicates.find(
    ({ pattern, except }) => findTable([pattern, otherWriter.pattern], [...except, ...otherWriter.except]) !== null,
  );
  return told ? arriveTogether(first, otherWriter) : null;
}

function split(what: string, flows: readonly Flow[]): FlowProblem {
  const fix = 'Put the pipelines of these tables into one channel.';
  return { id: 'two-way-split', severity: 'error', what, fix, flows: flows.map((flow) => flow.id) };
}

function cameBackElsewhere(there: Flow, back: Flow): readonly FlowProblem[] {
  const table = firstTable(there, back, (first, second) => (returnsHome(first, second) ? null : goesOn(first, second, [])));
  return table === null
    ? []
    : [notMirrored(`${there.id} replicates ${table} and ${back.id} brings it back under another name`, [there, back])];
}

/** Within a channel both directions carry the same tables; a flow that goes one way only has a channel of its own. */
function notReplicatedBack(there: Flow, returning: readonly Flow[]): readonly FlowProblem[] {
  const backs = returning.filter((back) => back.channel === there.channel);
  if (backs.length === 0) return [];
  const patterns = backs.flatMap((back) => back.replicates.map((replicated) => replicated.taken));
  const tables = there.replicates.map((first) => findTable([first.pattern], [...first.except, ...intoSource(first, patterns)]));
  const table = tables.find((found) => found !== null);
  if (table === undefined || table === null) return [];
  return [
    notMirrored(`${there.id} replicates ${table}, which ${backs.map((back) => back.id).join(', ')} does not replicate back`, [
      there,
      ...backs,
    ]),
  ];
}

function notMirrored(what: string, flows: readonly Flow[]): FlowProblem {
  return {
    id: 'two-way-not-mirrored',
    severity: 'error',
    what,
    fix: 'Give both directions the same tables, with each renaming the other way round; what flows one way only goes into a channel of its own.',
    flows: flows.map((flow) => flow.id),
  };
}
