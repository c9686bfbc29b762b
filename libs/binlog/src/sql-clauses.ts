/** Tokens of a statement as keywords, and where its clauses are. Pure. */
import type { Token } from './sql-tokens.js';

/** In upper case, or the mark that it is; '' for anything else. */
export function keyword(token: Token | undefined): string {
  return token?.kind === 'word' || token?.kind === 'mark' ? token.text.toUpperCase() : '';
}

/** The tokens at their places, with null for those inside of parentheses. */
export function outermost(tokens: readonly Token[]): readonly (Token | null)[] {
  let depth = 0;
  return tokens.map((token) => {
    const mark = token.kind === 'mark' ? token.text : '';
    if (mark === ')') depth -= 1;
    const isOutermost = depth === 0;
    if (mark === '(') depth += 1;
    return isOutermost ? token : null;
  });
}

/** Split at the commas that stand outside of parentheses. */
export function clauses(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const outer = outermost(tokens);
  const commas = outer.flatMap((token, i) => (token?.kind === 'mark' && token.text === ',' ? [i] : []));
  return [-1, ...commas].map((start, i) => tokens.slice(start + 1, commas[i] ?? tokens.length));
}
