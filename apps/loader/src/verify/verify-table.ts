/**
 * One pair of tables: the sieve, a second look, and probes for what is left. Reported is only what a probe found. Where many rows differ,
 * the second look waits until everything on its way has arrived; few are asked for at once (0032, 26): a probe is compared at its place in
 * the log, so it needs no such wait. One that is in flight is asked for again behind it.
 */
import { rowToJson } from '@lutra/model';
import type { Row, VerifiedTable } from '@lutra/model';
import { probe, unsent } from './probes.js';
import type { ProbeOptions, ProbeStore } from './probes.js';
import { sieve } from './sieve.js';
import type { Sieved, SieveOptions } from './sieve.js';
import type { TablePair } from './table-pair.js';

export interface TableVerification {
  readonly pair: TablePair;
  /** Null: all that was on its way when it was called has arrived. */
  readonly crossed: () => Promise<string | null>;
  /** Why nothing arrives now, of a pipeline that stands; null: none does. Waits for nothing. */
  readonly stands: () => Promise<string | null>;
  readonly probes: ProbeStore;
  readonly sieve: SieveOptions;
  readonly probing: ProbeOptions;
  /** A row at the target alone may be of another pipeline, or kept there on purpose. */
  readonly mayBeExtra: boolean;
}

export type TableResult = Pick<
  VerifiedTable,
  'verdict' | 'notes' | 'rows' | 'missingHere' | 'missingThere' | 'different' | 'extra' | 'ranges'
>;

const none = { missingHere: 0, missingThere: 0, different: 0, extra: 0, ranges: 0 };
/** Of rows that are read by their keys at once. */
const lookRows = 20;
/** Rows that are asked for in the log at once. */
export const fewKeys = 200;

export async function verifyTable(of: TableVerification): Promise<TableResult> {
  const found = await sieve(of.pair, of.sieve);
  const { rows, ranges } = found;
  if (found.keys.size === 0) {
    await forget(of.probes);
    return { ...none, rows, verdict: 'equal', notes: [] };
  }
  // Behind the sieve's reads: see crossing.ts.
  const missing = await (found.keys.size > fewKeys ? of.crossed() : of.stands());
  if (missing !== null) return { ...none, rows, ranges, verdict: 'unsettled', notes: [`${found.keys.size} rows differ, and ${missing}`] };
  const keys = await secondLook(of, found);
  if (keys.length === 0) {
    await forget(of.probes);
    return ranges === 0 ? { ...none, rows, verdict: 'equal', notes: [] } : beyond({ ...none, rows, ranges });
  }
  const moved = async (): Promise<void> => void (await of.crossed()); // if it does not arrive, the answers stay as they are
  const { outcomes, unanswered } = await probe(of.probes, keys, { ...of.probing, moved });
  const { different, 'missing-here': missingHere, 'missing-there': onlyHere } = outcomes;
  const counts = { rows, ranges, different, missingHere, ...onlyAtTarget(onlyHere, of.mayBeExtra) };
  const notes = [
    ...(unanswered === null ? [] : [unanswered]),
    ...(outcomes['in-flight'] === 0 ? [] : [inFlightNote(outcomes['in-flight'])]),
  ];
  if (different + missingHere + onlyHere > 0) return { ...counts, verdict: 'different', notes };
  if (ranges > 0) return beyond(counts);
  return { ...counts, verdict: notes.length > 0 ? 'unsettled' : 'equal', notes };
}

/** What an earlier pass found. */
async function forget(probes: ProbeStore): Promise<void> {
  await probes.begin();
  await probes.keep('table');
}

export function inFlightNote(rows: number): string {
  return `${rows} rows were changed again and again while they were compared`;
}

/** It says that rows of the table are not known, beside those that differ. */
export function leavesOpen(note: string): boolean {
  return (
    [' were changed again and again while they were compared', ' have no answer'].some((end) => note.endsWith(end)) ||
    note.startsWith(unsent)
  );
}

export function onlyAtTarget(count: number, mayBeExtra: boolean): Pick<TableResult, 'missingThere' | 'extra'> {
  return mayBeExtra ? { missingThere: 0, extra: count } : { missingThere: count, extra: 0 };
}

/** Ranges that the sieve counted and nobody has looked at again. */
export function beyond(counts: Omit<TableResult, 'verdict' | 'notes'>): TableResult {
  return { ...counts, verdict: 'unsettled', notes: [`${counts.ranges} key ranges differed and were not looked at again`] };
}

/**
 * Keys that differ still, under the key that the source has: to a collation 'a' and 'A' are one key, and two keys here.
 */
async function secondLook({ pair, sieve: { between } }: TableVerification, sieved: Sieved): Promise<readonly Row[]> {
  const [keys, found] = [[...sieved.keys.values()], new Map<string, Row>()];
  for (let at = 0; at < keys.length; at += lookRows) {
    await between(sieved.rows);
    const asked = keys.slice(at, at + lookRows);
    const [there, here] = await Promise.all([pair.rowsOf('source', asked), pair.rowsOf('target', asked)]);
    for (const [i, key] of asked.entries()) {
      const [one, other] = [there[i]?.[0], here[i]?.[0]];
      if (one && other ? await pair.same(one, other) : !one && !other) continue;
      const canonical = one ? pair.keyOf(one) : other ? pair.keyOf(other) : key;
      found.set(rowToJson(canonical), canonical);
    }
  }
  return [...found.values()];
}
