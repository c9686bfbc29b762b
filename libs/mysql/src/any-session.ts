/**
 * Literals that mean the same in every session, for tables whose rows are written in the source's. The naive way writes '…';
 * counter-examples: under NO_BACKSLASH_ESCAPES 'a\\b' has two backslashes, under collation_connection = latin1 a letter that latin1 lacks
 * becomes a question mark, and under another time zone a TIMESTAMP is another instant.
 *
 * An instant in the hour that a zone counts twice has no local time of its own. A server from 8.0.19 on takes its offset to UTC in the
 * literal. On others it is converted by the server, there and back; what does not come back as it was raises error 1690 (BIGINT out of
 * range) instead of being stored as the other instant.
 */
import { ascii, encoded, isZero, type LiteralForm, localTime, quoteText, utc } from '@lutra/rows';

/** @param offsets the server reads '2021-10-31 01:30:00+00:00' */
export function anySessionForm(offsets: boolean): LiteralForm {
  return { own: false, text: introduced, encoded, temporal: ascii, instant: offsets ? withOffset : converted };
}

function introduced(value: string): string {
  return /[\\\0]/.test(value) ? `_utf8mb4 x'${Buffer.from(value).toString('hex')}'` : `_utf8mb4${quoteText(value)}`;
}

function withOffset(value: string): string {
  return ascii(isZero(value) ? value : `${value}+00:00`);
}

/** In a statement without it error 1690 is of something that the target computes. */
export const raises1690 = 'CAST(IF(~0 + (NOT (CONVERT_TZ(';

function converted(value: string): string {
  if (isZero(value)) return ascii(value);
  const local = localTime(value);
  // Without the CAST MySQL 8.0.15 stores it through a text in the connection's character set, and UTF-16 is no date to it.
  return `${raises1690}${local}, @@time_zone, ${utc}) <=> ${ascii(value)})), ${local}, NULL) AS DATETIME(6))`;
}
