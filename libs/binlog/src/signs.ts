/** Which numbers of a table map are unsigned (year-sign.ts). */
import { signsOf, SyncError } from '@lutra/model';
import type { YearSign } from '@lutra/model';

export interface NumericColumns {
  /** In order: true for YEAR. */
  readonly isYear: readonly boolean[];
  readonly yearSign: YearSign;
  /** The refusal, of the first number whose sign is not proven. */
  readonly refuse: (why: string) => SyncError;
}

/** One answer for each number, true for unsigned, without the YEAR columns. @throws SyncError COLUMN_UNSUPPORTED, BINLOG_DECODE */
export function readSigns(bytes: Buffer | undefined, { isYear, yearSign, refuse }: NumericColumns): readonly boolean[] {
  const bits = [...(bytes ?? [])].flatMap((byte) => Array.from({ length: 8 }, (_, i) => (byte & (0x80 >> i)) !== 0));
  const signs = signsOf(bits, isYear, yearSign);
  if (signs === 'missing') throw new SyncError('BINLOG_DECODE', 'a table map without the signs of its numbers');
  if (signs === 'unknown') throw refuse('the signs of numbers after a YEAR column are not proven for MySQL 8.0.16 to 8.0.28');
  return signs;
}
