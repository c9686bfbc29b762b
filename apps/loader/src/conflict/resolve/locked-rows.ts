/**
 * Rows of the target that an open transaction has locked, as they are now: read together when they are locked, and kept up to date with
 * what the transaction writes, so that deciding about a row asks the server nothing. What a write may have changed beside its own row (a
 * unique value that is free now, a key that a collation takes for another, a child of a foreign key, the work of a trigger) is discarded,
 * and read again when it is wanted: row by row, so a large transaction of inserts would take a round trip more for each.
 */
import type { Row } from '@lutra/model';
import { sameValue, sameKey } from '@lutra/mysql';
import type { ApplyConnection, RowPlan } from '@lutra/mysql';
import { isOfKind } from '@lutra/rows';
import { keyText, readRows } from './rows.js';
import type { Found, RowChange, Assignment } from './rows.js';

interface Known {
  /** By key, to the byte. */
  readonly existing: Map<string, Row | null>;
  /** By the unique values that somebody else may hold. */
  readonly holders: Map<string, readonly Row[]>;
  /** The keys of those rows. */
  readonly held: Set<string>;
  /** A row that comes, goes or moves changes nothing about other keys: their values are one to the server only if they are the same. */
  readonly isExact: boolean;
}

const nobody: readonly Row[] = [];
/** Beyond that all are dropped and read anew: a large transaction locks without end. */
const maxKnown = 10_000;

export class LockedRows {
  readonly #connection: Pick<ApplyConnection, 'within'>;
  readonly #tables = new Map<RowPlan, Known>();
  #size = 0;

  constructor(connection: Pick<ApplyConnection, 'within'>) {
    this.#connection = connection;
  }

  async lock(requests: readonly Assignment[]): Promise<void> {
    const found = await readRows(this.#connection, requests);
    for (const [i, each] of requests.entries()) this.#keep(each, found[i] ?? { existing: null, holders: nobody });
  }

  async read(requests: Assignment): Promise<Found> {
    const { plan, key, values } = requests;
    const known = this.#tables.get(plan);
    const existing = key ? known?.existing.get(keyText(plan, key)) : null;
    const holders = values && plan.uniqueKeys.length > 0 ? known?.holders.get(valuesText(plan, values)) : nobody;
    if (existing !== undefined && holders !== undefined) return { existing, holders };
    const [found = { existing: null, holders: nobody }] = await readRows(this.#connection, [requests]);
    this.#keep(requests, found);
    return found;
  }

  /** The transaction has written that. */
  written(plan: RowPlan, { existing, row, displaced }: RowChange): void {
    const { target } = plan.table;
    if (target.triggers > 0 || target.cascades.length > 0) return this.discard();
    const known = this.#tables.get(plan);
    if (!known) return;
    const inPlace = existing !== null && row !== null && sameKey(plan, existing, row) && sameUniqueValues(plan, existing, row);
    if (displaced.length > 0 || !(inPlace || known.isExact)) {
      this.#tables.delete(plan);
      return;
    }
    // It stands there as it was, where it holds another row's value.
    if (existing !== null && known.held.has(keyText(plan, existing))) known.holders.clear();
    if (existing !== null && !inPlace) known.existing.set(keyText(plan, existing), null);
    if (row !== null) known.existing.set(keyText(plan, row), row);
  }

  /** Something else was written. */
  discard(): void {
    this.#tables.clear();
    this.#size = 0;
  }

  #keep({ plan, key, values }: Assignment, { existing, holders }: Found): void {
    if (this.#size >= maxKnown) this.discard();
    this.#size += 1;
    let known = this.#tables.get(plan);
    if (!known) this.#tables.set(plan, (known = { existing: new Map(), holders: new Map(), held: new Set(), isExact: isExact(plan) }));
    // A row that only the collation takes for this key changes under another name.
    if (key && (existing === null || sameKey(plan, existing, key))) known.existing.set(keyText(plan, key), existing);
    if (!values || plan.uniqueKeys.length === 0) return;
    known.holders.set(valuesText(plan, values), holders);
    for (const holder of holders) known.held.add(keyText(plan, holder));
  }
}

function isExact({ table, uniqueKeys }: RowPlan): boolean {
  const types = new Map(table.target.columns.map(({ name, type }) => [name.toLowerCase(), type]));
  const isWhole = ({ name, schema }: (typeof table.key)[number]): boolean =>
    isOfKind(schema.type, 'whole') && isOfKind(types.get(name.toLowerCase()) ?? 'other', 'whole');
  return uniqueKeys.length === 0 && table.key.every(isWhole);
}

/** The row with that key holds them itself. */
function valuesText(plan: RowPlan, row: Row): string {
  const values = plan.uniqueKeys.flat().map(({ name }) => {
    const value = row[name] ?? null;
    if (value === null) return '-';
    const text = Buffer.isBuffer(value) ? value.toString('hex') : String(value);
    return `${text.length}:${text}`;
  });
  return [...values, keyText(plan, row)].join(' ');
}

function sameUniqueValues(plan: RowPlan, a: Row, b: Row): boolean {
  return plan.uniqueKeys.flat().every(({ name }) => sameValue(plan, name, a[name], b[name]));
}
