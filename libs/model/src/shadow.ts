/** Tables that an online tool makes to put them in the place of another one, by their names. Decision 0034, rule 19. */

/**
 * shadow: it becomes the table · old: what the table was before · notes: the tool's own. gh-ost: `_t_gho`, `_t_del`, `_t_ghc`, `_t_ghk`;
 * pt-online-schema-change: `_t_new`, `_t_old`, with more of `_` where that is taken.
 */
export type ShadowKind = 'shadow' | 'old' | 'notes';

export interface ShadowName {
  readonly kind: ShadowKind;
  /** Name of the table that it is made for, or how that begins, if `isCut`: a name has at most 64 characters. */
  readonly of: string;
  readonly isCut: boolean;
}

const kinds: Readonly<Record<string, ShadowKind>> = { gho: 'shadow', new: 'shadow', del: 'old', old: 'old', ghc: 'notes', ghk: 'notes' };
const longest = 64;

/** Null: no tool calls a table so. The likeliest of its readings. */
export function shadowName(name: string): ShadowName | null {
  return shadowReadings(name)[0] ?? null;
}

/**
 * All that it may be, the likeliest first: `__t_old` is made for `t`, whose `_t_old` was taken, or for `_t`; and `_t_20260131120000_del`
 * for `t` (gh-ost --timestamp-old-table) or for a table whose name ends so.
 */
export function shadowReadings(name: string): readonly ShadowName[] {
  const [, lead = '', rest = ''] = /^(_+)(.*)$/s.exec(name) ?? [];
  if (rest === '') return [];
  const isCut = new TextEncoder().encode(name).length >= longest; // letters for one tool, bytes for the other
  const begins = Array.from(lead, (_, more) => `${'_'.repeat(more)}${rest}`);
  return begins.flatMap((begin) => [...whole(begin, isCut), ...(isCut ? [headless(begin)] : [])]);
}

/** With the tool's ending: gh-ost cuts the name of the table. */
function whole(begin: string, isCut: boolean): readonly ShadowName[] {
  const [, base, ending = ''] = /^(.+)_(gho|ghc|ghk|del|new|old)$/s.exec(begin) ?? [];
  const kind = kinds[ending];
  if (base === undefined || kind === undefined) return [];
  const bare = ending === 'del' ? base.replace(/(?<=.)(?:_\d{14})?(?:_rev)?$/s, '') : base;
  return [...new Set([bare, base])].map((of) => ({ kind, of, isCut }));
}

/** pt-online-schema-change cuts the end, and with it what would tell one from the other. */
function headless(begin: string): ShadowName {
  return { kind: 'shadow', of: begin.replace(/(?<=.)_(?:n|ne|o|ol)?$/s, ''), isCut: true };
}

/** Of a name as a tool gives it to a table that is made for `table`; null: it is none. */
export function shadowKindOf(name: string, table: string): ShadowKind | null {
  const found = shadowReadings(name).find(({ of, isCut }) => of === table || (isCut && table.startsWith(of)));
  return found?.kind ?? null;
}
