/** What a verification says of a pair of tables beside its rows: what Lutra does not carry. */
import { compareDefinitions } from '@lutra/mysql';
import type { Queries, TargetTable } from '@lutra/mysql';
import { readNumbering } from './server-facts.js';
import type { Numbering } from './server-facts.js';

export interface Noted {
  readonly source: Queries;
  readonly target: Queries;
  readonly from: TargetTable;
  readonly to: TargetTable;
  readonly twoWay: boolean;
}

/** Of the definitions: a result is a small document. */
const maxNotes = 5;

export async function notesOn({ source, target, from, to, twoWay }: Noted): Promise<readonly string[]> {
  const sameFlavor = from.server.flavor === to.server.flavor;
  const problems = compareDefinitions({ from, to, sameVersion: false, sameFlavor, twoWay, policy: 'stop', router: (table) => table });
  const definitions = problems.map(({ what }) => what);
  const numbers = twoWay && [from, to].every(isNumbered) ? overlapOf(await readNumbering(source), await readNumbering(target)) : null;
  return [...definitions.slice(0, maxNotes), ...(numbers === null ? [] : [numbers]), ...triggerNotes(from, to)];
}

function isNumbered({ columns }: TargetTable): boolean {
  return columns.some(({ autoIncrement }) => autoIncrement);
}

/** Two series o + i·k meet unless their offsets differ modulo the greatest common divisor of their steps. */
export function overlapOf(there: Numbering, here: Numbering): string | null {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  const isCertain = [there, here].every(({ step, offset }) => offset <= step);
  if (isCertain && (there.offset - here.offset) % divisor(there.step, here.step) !== 0) return null;
  return 'AUTO_INCREMENT: both sides take writes and may give one number to two rows (auto_increment_increment, auto_increment_offset)';
}

function triggerNotes(from: TargetTable, to: TargetTable): readonly string[] {
  if (from.triggers === to.triggers) return [];
  return [`triggers: ${from.triggers} at the source, ${to.triggers} at the target`];
}
