/** The regions of a run, as the harness sees them: any number. The first one is home. */
import type { ConnectionOptions } from 'mysql2/promise';
import { type Side, sides, type Stack } from '../scenarios/index.js';

export interface Site {
  /** In keys and stamps, and of the stack's side. */
  readonly letter: Side;
  readonly region: string;
  readonly connection: ConnectionOptions;
}

export function sitesOf(stack: Stack): readonly [Site, ...Site[]] {
  const [home, ...others] = sides.map((letter) => ({ letter, region: stack.regions[letter], connection: stack.connection(letter) }));
  if (!home) throw new Error('a stack without sides');
  return [home, ...others];
}
