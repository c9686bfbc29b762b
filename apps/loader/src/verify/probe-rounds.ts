/** Requests of rounds of probes, as conditions on lutra.difference and lutra.resync. */
import { randomBytes } from 'node:crypto';
import { quoteText, roundPrefix } from '@lutra/mysql';
import type { Queries } from '@lutra/mysql';

/** As long as a request may be. */
export function roundOf(request: string): string {
  return `${roundPrefix(request)}${randomBytes(6).toString('hex').slice(0, 11)}`;
}

export function is(request: string): string {
  return `request = ${quoteText(request)}`;
}

export function anyRound(request: string): string {
  return `request LIKE ${quoteText(`${roundPrefix(request)}%`)}`;
}

export async function inTransaction(queries: Queries, work: () => Promise<void>): Promise<void> {
  await queries.query('BEGIN');
  try {
    await work();
    await queries.query('COMMIT');
  } catch (error) {
    await queries.query('ROLLBACK').catch(() => undefined); // a connection that cannot is broken, and the server rolls back
    throw error;
  }
}
