/** The text of a record as its source read it. Pure. */
import { clauses, keyword, sqlTokens } from '@lutra/binlog';
import type { Token } from '@lutra/binlog';
import type { DdlRecord } from '@lutra/model';

export type Text = Pick<DdlRecord, 'sql' | 'session' | 'flavor'>;

const modeBits = { ansiQuotes: 1n << 2n, noAutoValueOnZero: 1n << 19n, noBackslashEscapes: 1n << 20n } as const;

export function hasMode({ session }: Pick<DdlRecord, 'session'>, mode: keyof typeof modeBits): boolean {
  return (BigInt(session.sqlMode ?? 0) & modeBits[mode]) !== 0n;
}

export function tokensOf(record: Text): readonly Token[] {
  const modes = { ansiQuotes: hasMode(record, 'ansiQuotes'), noBackslashEscapes: hasMode(record, 'noBackslashEscapes') };
  return [...sqlTokens(record.sql, { ...modes, singleByte: false, flavor: record.flavor })];
}

/** ALTER TABLE t AUTO_INCREMENT = 7, and no more: its rows say where a table goes on counting. */
export function onlyCounts({ statement, tables, ...text }: Text & Pick<DdlRecord, 'statement' | 'tables'>): boolean {
  const behind = Math.max(...tables.map(({ offset, length }) => offset + length));
  const rest = tokensOf(text).filter(({ at }) => at >= behind);
  const words = rest.map((token) => (token.kind === 'number' ? 'n' : keyword(token))).filter((word) => word !== '=');
  return statement === 'ALTER TABLE' && words.join(' ') === 'AUTO_INCREMENT n';
}

/** How many things an ALTER TABLE does. */
export function clauseCount(record: Text): number {
  return clauses(tokensOf(record)).length;
}
