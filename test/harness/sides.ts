/** The two sides of every scenario. Rows belong to one side by the parity of their key, so that no row is written by both. */
export type Side = 'a' | 'b';
export const sides = ['a', 'b'] as const satisfies readonly Side[];

/** Of a region of a stack, the third one too. */
export type Letter = Side | 'c';
export const letters = [...sides, 'c'] as const satisfies readonly Letter[];

export function otherSide(side: Side): Side {
  return side === 'a' ? 'b' : 'a';
}

/** auto_increment_offset; with an increment of 2, side a has the odd keys and side b the even ones. */
export const keyOffset: Readonly<Record<Side, 1 | 2>> = { a: 1, b: 2 };

/** What mysqld is started with on each side. */
export function keySpaceOptions(side: Side): string[] {
  return ['--auto-increment-increment=2', `--auto-increment-offset=${keyOffset[side]}`];
}
