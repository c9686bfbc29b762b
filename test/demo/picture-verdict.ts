/** Has every row had its picture, and are the trees equal at the end? */
import { type Side, sides, type Stack } from '../harness/index.js';
import { count } from './live-table.js';
import { comparePictures, pictureSite, type Looks } from './pictures.js';
import type { Verdict } from './verdict.js';

export async function pictureVerdict(stack: Stack, looks: Readonly<Record<Side, Looks>>): Promise<Verdict> {
  const compared = { a: await comparePictures(pictureSite(stack, 'a')), b: await comparePictures(pictureSite(stack, 'b')) };
  const told = (side: Side, wrong: readonly string[]): readonly string[] => wrong.map((what) => `  ${stack.regions[side]}: ${what}`);
  const wrong = sides.flatMap((side) => told(side, compared[side].wrong));
  const early = sides.flatMap((side) => told(side, looks[side].wrong));
  const each = `${count(compared.a.pictures)} files that rows name, ${count(compared.a.bytes / 1e6)} MB`;
  return {
    good: wrong.length === 0 && early.length === 0,
    lines: [
      early.length === 0 ? `rows seen before their file: 0 of ${count(looks.a.looks + looks.b.looks)}` : 'ROWS SEEN BEFORE THEIR FILE:',
      ...early.slice(0, 5),
      wrong.length === 0 ? `equal: ${each}, by SHA-256` : `FILES NOT EQUAL: ${count(wrong.length)} faults in ${each}`,
      ...wrong.slice(0, 20),
    ],
  };
}
