/** What a person is told of a schema change that is not run by itself where both sides write: another way to the same end. Pure. */
import { keyword } from '@lutra/binlog';
import type { DdlRecord } from '@lutra/model';
import type { Misfit } from './carry-out.js';
import { madeUp } from './made-up.js';
import { tokensOf } from './statement-tokens.js';
import type { Text } from './statement-tokens.js';

const page = 'docs/10-schema-changes.md';

/** By the first that fits. Names in quotes are left out of what is looked at. */
const recipes: readonly (readonly [pattern: RegExp, text: string])[] = [
  [
    /^TRUNCATE/,
    'rows that the other side inserts before it hears of it would stay there alone. DELETE FROM does the same, and is replicated as rows (#remove-rows)',
  ],
  [
    /\b(?:DROP|TRUNCATE|EXCHANGE|DISCARD|IMPORT) PARTITION\b/,
    'rows that the other side writes before it hears of it would be on one side alone. Use DELETE FROM, or run it while nobody writes to the table (#remove-rows)',
  ],
  [
    /\b(?:RENAME COLUMN|CHANGE)\b/,
    'rows of the other side that are under way have the old name. Add a column, copy, and drop the old one (#expand-migrate-contract)',
  ],
  [
    /\b(?:MODIFY|CONVERT TO|CHARACTER SET|CHARSET|COLLATE)\b/,
    'values of the old definition may not fit the new one. Add a column, copy, and drop the old one (#convert-a-column); or run it while nobody writes to the table (#both-ways)',
  ],
  [
    /\bADD\b.*\b(?:ON UPDATE|DEFAULT (?:\(|CURRENT_TIMESTAMP|NOW|LOCALTIME|LOCALTIMESTAMP)|AS \(|GENERATED)/,
    'rows that are under way would get another value on each side. Add the column with NULL, and let one side fill it (#fill-a-new-column)',
  ],
  [
    /\b(?:UNIQUE|PRIMARY|FOREIGN|CHECK|CONSTRAINT|SPATIAL)\b/,
    'a key or a check may refuse rows that the other side has written already. Run it while nobody writes to the table (#both-ways)',
  ],
  [
    /\bNOT NULL\b/,
    'rows of the other side that are under way have no value for the column. Give it a constant default, or allow NULL (#expand-migrate-contract)',
  ],
];
const numbers = 'each side would number the rows in its own way (#number-the-rows)';
const quiet =
  'rows of the other side that are under way may not fit it. Run it while nobody writes to the table, on either side (#both-ways)';

export function recipeOf(record: Text & Pick<DdlRecord, 'statement'>): string {
  if (madeUp(record).all === 'AUTO_INCREMENT') return told(numbers);
  const words = tokensOf(record)
    .map((token) => (token.kind === 'word' || token.kind === 'mark' ? keyword(token) : '?'))
    .join(' ');
  return told(recipes.find(([pattern]) => pattern.test(words))?.[1] ?? quiet);
}

export function misfitText({ what, why }: Misfit): string {
  const quietly = 'un it while nobody writes to the table (#both-ways)';
  if (what === 'key') return told(`${why}. R${quietly}`);
  return told(`${why}. Add a column, copy, and drop the old one (#convert-a-column); or r${quietly}`);
}

function told(text: string): string {
  return `It does not run by itself while both sides write: ${text.replaceAll(/\((#[\w-]+)\)/g, `(${page}$1)`)}.`;
}
