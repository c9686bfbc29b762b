/** The regions of a run, as the harness sees them: any number. The first one is home. */
import type { ConnectionOptions } from 'mysql2/promise';
import type { Letter, Stack } from '../harness/index.js';

export interface Site {
  /** In keys and stamps, and of the stack's side. */
  readonly letter: Letter;
  readonly region: string;
  readonly connection: ConnectionOptions;
}

export function sitesOf(stack: Stack): readonly [Site, ...Site[]] {
  const [home, ...others] = stack.sites.map(({ letter, region }) => ({ letter, region, connection: stack.connection(letter) }));
  if (!home) throw new Error('a stack without sides');
  return [home, ...others];
}
