/**
 * What a verification says of a pair of tables beside its rows: what Lutra does not carry, in the words of the channel's check
 * (POST …/check), as it is when the tables are compared.
 */
import { compareDefinitions, numberOverlap, triggerProblems } from '@lutra/mysql';
import type { Queries, TargetTable } from '@lutra/mysql';
import { readNumbers } from './server-facts.js';

export interface Noted {
  readonly source: Queries;
  readonly target: Queries;
  readonly from: TargetTable;
  readonly to: TargetTable;
  readonly twoWay: boolean;
}

/** Of the definitions: a result is a small document. */
const maxNotes = 5;

export async function notesOn(of: Noted): Promise<readonly string[]> {
  return [...definitionNotes(of).slice(0, maxNotes), ...(await numberNotes(of)), ...triggerNotes(of)];
}

function definitionNotes({ from, to, twoWay }: Noted): readonly string[] {
  const sameFlavor = from.server.flavor === to.server.flavor;
  const problems = compareDefinitions({ from, to, sameVersion: false, sameFlavor, twoWay, policy: 'stop', router: (table) => table });
  return problems.map(({ what }) => what);
}

async function numberNotes({ source, target, from, to, twoWay }: Noted): Promise<readonly string[]> {
  if (!twoWay || ![from, to].every(({ columns }) => columns.some(({ autoIncrement }) => autoIncrement))) return [];
  const [there, here] = await Promise.all([readNumbers(source), readNumbers(target)]);
  const overlap = numberOverlap(there, here);
  return overlap === null ? [] : [`AUTO_INCREMENT: ${overlap}`];
}

/** Those of a side that rows are applied to. */
function triggerNotes({ from, to, twoWay }: Noted): readonly string[] {
  const counts = from.triggers === to.triggers ? [] : [`triggers: ${from.triggers} at the source, ${to.triggers} at the target`];
  const sides = [['target', to] as const, ...(twoWay ? [['source', from] as const] : [])];
  return [...counts, ...sides.flatMap(([side, table]) => triggerProblems(table).map(({ what }) => `at the ${side}: ${what}`))];
}
