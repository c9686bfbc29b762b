/** Tables that an online tool makes to put them in the place of another one, by their names. Decision 0034, rule 19. */

/**
 * shadow: it becomes the table · old: what the table was before · notes: the tool's own. gh-ost: `_t_gho`, `_t_del`, `_t_ghc`;
 * pt-online-schema-change: `_t_new`, `_t_old`, with more of `_` where that is taken.
 */
export type ShadowKind = 'shadow' | 'old' | 'notes';

export interface ShadowName {
  readonly kind: ShadowKind;
  /** Name of the table that it is made for, or how that begins, if `isCut`: a name has at most 64 characters. */
  readonly of: string;
  readonly isCut: boolean;
}

const kinds: Readonly<Record<string, ShadowKind>> = { gho: 'shadow', new: 'shadow', del: 'old', old: 'old', ghc: 'notes' };
const longest = 64;

/** Null: no tool calls a table so. */
export function shadowName(name: string): ShadowName | null {
  const [, of, kind] = /^_+(.+?)(?:_\d{14})?_(gho|ghc|del|new|old)$/s.exec(name) ?? [];
  return of === undefined || kind === undefined ? null : { kind: kinds[kind]!, of, isCut: name.length >= longest };
}
