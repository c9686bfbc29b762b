/** The text of a record as its source read it. Pure. */
import { sqlTokens } from '@lutra/binlog';
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
