/**
 * Whether two servers that take writes to one table can give the same number to different rows. The naive check looks at one side;
 * counter-example: both have increment 2 and offset 1. Two series o + i·k meet somewhere unless their offsets differ modulo the greatest
 * common divisor of their steps. Pure.
 */
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import { setGlobal } from './server-facts.js';
import type { ServerFacts } from './server-facts.js';

export function checkAutoIncrement(source: ServerFacts, target: ServerFacts): readonly Problem[] {
  const [there, here] = [seriesOf(source), seriesOf(target)];
  if (apart(there, here)) return [];
  const shown = ({ step, offset }: Series): string => `${offset}, ${offset + step}, ${offset + 2 * step} …`;
  const what = `both sides give numbers to new rows, and they can be the same: the source ${shown(there)}, the target ${shown(here)} (auto_increment_offset, auto_increment_increment)`;
  const settings = (offset: number): string =>
    [setGlobal(target, 'auto_increment_increment', '2'), setGlobal(target, 'auto_increment_offset', String(offset))].join('; ');
  const fix = `${settings(1)} on one side; ${settings(2)} on the other; with more regions an increment of as many, and each its own offset`;
  return [problem('warning', 'auto-increment', what, fix)];
}

interface Series {
  readonly step: number;
  readonly offset: number;
}

function seriesOf({ variables }: ServerFacts): Series {
  return {
    step: Number(variables.get('auto_increment_increment') ?? 1),
    offset: Number(variables.get('auto_increment_offset') ?? 1),
  };
}

/** A server ignores an offset that is greater than its step. */
function apart(one: Series, other: Series): boolean {
  if (one.offset > one.step || other.offset > other.step) return false;
  return (one.offset - other.offset) % divisor(one.step, other.step) !== 0;
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}
