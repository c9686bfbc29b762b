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
  const what = numberOverlap(seriesOf(source), seriesOf(target));
  if (what === null) return [];
  const settings = (offset: number): string =>
    [setGlobal(target, 'auto_increment_increment', '2'), setGlobal(target, 'auto_increment_offset', String(offset))].join('; ');
  const fix = `${settings(1)} on one side; ${settings(2)} on the other; with more regions an increment of as many, and each its own offset`;
  return [problem('warning', 'auto-increment', what, fix)];
}

/** Null: the two sides never give the same number. */
export function numberOverlap(there: NumberSeries, here: NumberSeries): string | null {
  if (apart(there, here)) return null;
  const shown = ({ step, offset }: NumberSeries): string => `${offset}, ${offset + step}, ${offset + 2 * step} …`;
  return `both sides give numbers to new rows, and they can be the same: the source ${shown(there)}, the target ${shown(here)} (auto_increment_offset, auto_increment_increment)`;
}

/** auto_increment_increment and auto_increment_offset. */
export interface NumberSeries {
  readonly step: number;
  readonly offset: number;
}

function seriesOf({ variables }: ServerFacts): NumberSeries {
  return {
    step: Number(variables.get('auto_increment_increment') ?? 1),
    offset: Number(variables.get('auto_increment_offset') ?? 1),
  };
}

/** A server ignores an offset that is greater than its step. */
function apart(one: NumberSeries, other: NumberSeries): boolean {
  if (one.offset > one.step || other.offset > other.step) return false;
  return (one.offset - other.offset) % divisor(one.step, other.step) !== 0;
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}
