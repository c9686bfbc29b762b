/**
 * Rows of a table that flows both ways, repaired at home: read under their locks, compared with what was found, and written, in one
 * transaction.
 *
 *   home wins   home's row, as it is, goes out as a resolution record, behind a marker
 *   away wins   the other end's row is written here, without a marker: an ordinary change, which goes to everybody
 *
 * Counter-examples (docs/decisions/0032-seeding.md, 27 and 28): a row of home that was read before the transaction is older than a change
 * that stands in front of it in the log: 5 of 5 diverge. Without the comparison a write that nobody has looked at is lost.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { repairMarkStatement } from '@lutra/marker';
import { rowToJson, toSyncError } from '@lutra/model';
import type { Row, SyncError } from '@lutra/model';
import { conflictKind, identicalRows, inPieces, keyOfRow, openingText, ordinaryOpening } from '@lutra/mysql';
import type { ApplyConnection, SqlText } from '@lutra/mysql';
import { isTransient } from '../../commit/target-writer.js';
import { readRows, writeRow } from '../../conflict/resolve/rows.js';
import type { FoundRow } from './found-rows.js';
import { other } from './method.js';
import type { AtHome } from './method.js';
import { isAsRecorded, isCut } from './recorded.js';
import { repairText, resolutionText } from './repair-record.js';
import type { RepairedBy } from './repair-record.js';
import type { AwayRows } from './away-rows.js';
import type { SidePlans } from './side-plans.js';

export type RowRepair = 'written' | 'changed' | { readonly refused: string };
/** By hash. */
export type RowRepairs = ReadonlyMap<string, RowRepair>;

export interface HomeRowsOptions {
  /** To home; it is used by nobody else meanwhile. */
  readonly connect: () => Promise<ApplyConnection>;
  readonly channel: string;
  readonly method: AtHome;
  readonly plans: SidePlans;
  readonly away: AwayRows;
  readonly by: RepairedBy;
}

/** A row with both versions of now. */
interface Pair {
  readonly found: FoundRow;
  readonly home: Row | null;
  readonly away: Row | null;
}

const busyTries = 5;
const maxInTheWay = 500;
/** What a server has against a row, not against all of them. */
const ofRows: readonly SyncError['code'][] = ['APPLY_REFUSED', 'ROW_CONFLICT', 'TARGET_SETTINGS', 'VALUE_UNSUPPORTED'];

export class HomeRows {
  readonly #options: HomeRowsOptions;

  constructor(options: HomeRowsOptions) {
    this.#options = options;
  }

  /** What home's locks keep back is tried alone, so that the others do not wait for it. */
  async repair(rows: readonly FoundRow[]): Promise<RowRepairs> {
    if (rows.length === 0) return new Map();
    const done = await this.#tried(rows, (connection) => this.#work(connection, rows));
    if (!(done instanceof Error)) return done;
    if (rows.length === 1) return new Map(rows.map(({ hash }) => [hash, { refused: `${done.code}: ${done.message}` }]));
    const alone = new Map<string, RowRepair>();
    for (const row of rows) for (const [hash, result] of await this.repair([row])) alone.set(hash, result);
    return alone;
  }

  /** Rows of one table that are in each other's way: all of them leave, and come back. False: it is refused, and nothing is changed. */
  async exchange(rows: readonly FoundRow[]): Promise<boolean> {
    const { method, plans } = this.#options;
    // What points to them would go with them.
    if (method.winner === 'home' || plans.homeTable.referenced) return false;
    const done = await this.#tried(rows, async (connection) => {
      const pairs = await this.#unchanged(connection, rows);
      if (pairs.length < rows.length) return new Map();
      for (const { home } of pairs) if (await this.#refusal(connection, home, null)) return new Map();
      for (const { away } of pairs) if (await this.#refusal(connection, null, away)) return new Map();
      await this.#record(connection, pairs);
      return new Map(rows.map(({ hash }) => [hash, 'written']));
    });
    return !(done instanceof Error) && done.size === rows.length;
  }

  /** An error: the rows, or locks, refuse it. */
  async #tried(rows: readonly FoundRow[], work: (connection: ApplyConnection) => Promise<RowRepairs>): Promise<RowRepairs | SyncError> {
    for (let attempt = 1; ; attempt += 1) {
      const connection = await this.#options.connect();
      try {
        const done = await work(connection);
        if (done.size < rows.length) await connection.rollback();
        else await connection.commit();
        return done;
      } catch (thrown) {
        const error = toSyncError(thrown);
        const isBusy = isTransient(error);
        if (!isBusy && !ofRows.includes(error.code)) throw error;
        if (!isBusy || attempt === busyTries) return error;
        await delay(20 * 2 ** attempt * Math.random());
      } finally {
        await connection.rollback(); // of what is open still
      }
    }
  }

  #work(connection: ApplyConnection, rows: readonly FoundRow[]): Promise<RowRepairs> {
    return this.#options.method.winner === 'home' ? this.#tell(connection, rows) : this.#take(connection, rows);
  }

  async #tell(connection: ApplyConnection, rows: readonly FoundRow[]): Promise<RowRepairs> {
    const { channel, away, plans, method } = this.#options;
    await connection.run(openingText(repairMarkStatement(channel), { repeatable: true }));
    const keys = rows.map(({ key }) => key);
    const now = await this.#locked(connection, keys);
    const there = await away.read(keys);
    const results = new Map<string, RowRepair>();
    const sent: Pair[] = [];
    for (const [i, found] of rows.entries()) {
      const [home, its] = [now[i] ?? null, there[i] ?? null];
      const isSame = await isAsRecorded(plans.home, home, found[recordOf(method.home)]);
      results.set(found.hash, isSame ? 'written' : 'changed');
      // After a kill: it has arrived already.
      if (isSame && !(await this.#isEqual(home, its))) sent.push({ found, home, away: its });
    }
    if (sent.length === 0) return results;
    await this.#resolve(connection, sent);
    await this.#record(connection, sent);
    return results;
  }

  /** What stands in the way there is sent too: it gives way to what comes, and is at home what it should be. */
  async #resolve(connection: ApplyConnection, pairs: readonly Pair[]): Promise<void> {
    const { plans, channel } = this.#options;
    const keys = [...pairs.map(({ found: { key } }) => key), ...(await this.#inTheWay(connection, pairs))].map((key) => plans.toldKey(key));
    const told = await readRows(
      connection,
      keys.map((key) => ({ plan: plans.told, key, values: null })),
    );
    const { database, name: table } = plans.homeTable;
    const texts = keys.map((asked, slot): SqlText => {
      const row = told[slot]?.existing ?? null;
      return resolutionText({ channel, database, table, key: row ? keyOfRow(plans.told, row) : asked, row }, slot);
    });
    for (const text of inPieces(texts)) await connection.run(text);
  }

  /** Keys of rows there that hold a unique value of what is sent, and of what is sent for them in turn. */
  async #inTheWay(connection: ApplyConnection, pairs: readonly Pair[]): Promise<readonly Row[]> {
    const known = new Set(pairs.map(({ found: { key } }) => rowToJson(key)));
    const found: Row[] = [];
    for (let rows: readonly Row[] = present(pairs.map(({ home }) => home)); rows.length > 0 && found.length < maxInTheWay;) {
      const next: Row[] = [];
      for (const key of await this.#options.away.holders(rows)) {
        if (known.has(rowToJson(key))) continue;
        known.add(rowToJson(key));
        next.push(key);
      }
      found.push(...next);
      rows = present(await this.#locked(connection, next));
    }
    return found;
  }

  async #take(connection: ApplyConnection, rows: readonly FoundRow[]): Promise<RowRepairs> {
    const results = new Map<string, RowRepair>();
    const possible: FoundRow[] = [];
    for (const row of rows)
      if (isCut(row.here) || isCut(row.there)) results.set(row.hash, { refused: tooLarge });
      else possible.push(row);
    const pairs = await this.#unchanged(connection, possible);
    const written: Pair[] = [];
    for (const pair of pairs) {
      const { hash } = pair.found;
      const refused = (await this.#isEqual(pair.home, pair.away)) ? null : await this.#refusal(connection, pair.home, pair.away);
      results.set(hash, refused === null ? 'written' : { refused });
      if (refused === null && !(await this.#isEqual(pair.home, pair.away))) written.push(pair);
    }
    await this.#record(connection, written);
    for (const { hash } of rows) if (!results.has(hash)) results.set(hash, 'changed');
    return results;
  }

  /** The other end is read first: what changes there after that is on its way to home, and a conflict. */
  async #unchanged(connection: ApplyConnection, rows: readonly FoundRow[]): Promise<readonly Pair[]> {
    const { plans, away, method } = this.#options;
    const keys = rows.map(({ key }) => key);
    const there = await away.read(keys);
    await connection.run(ordinaryOpening);
    const now = await this.#locked(connection, keys);
    const pairs: Pair[] = [];
    for (const [i, found] of rows.entries()) {
      const pair = { found, home: now[i] ?? null, away: there[i] ?? null };
      const isAway = await isAsRecorded(plans.away, pair.away, found[recordOf(other(method.home))]);
      const isDone = await this.#isEqual(pair.home, pair.away);
      if (isAway && (isDone || (await isAsRecorded(plans.home, pair.home, found[recordOf(method.home)])))) pairs.push(pair);
    }
    return pairs;
  }

  async #locked(connection: ApplyConnection, keys: readonly Row[]): Promise<readonly (Row | null)[]> {
    const found = await readRows(
      connection,
      keys.map((key) => ({ plan: this.#options.plans.home, key, values: null })),
    );
    return found.map(({ existing }) => existing);
  }

  async #isEqual(home: Row | null, away: Row | null): Promise<boolean> {
    if (home === null || away === null) return home === away;
    return identicalRows(this.#options.plans.common, home, away);
  }

  async #refusal(connection: ApplyConnection, existing: Row | null, row: Row | null): Promise<string | null> {
    const error = await writeRow(connection, this.#options.plans.write, { existing, row, displaced: [] });
    if (error === null) return null;
    const constraint = error.details['constraint'] ?? error.details['key'];
    const what = whyRefused[conflictKind(error) ?? 'row missing'];
    return typeof constraint === 'string' ? `${what} (${constraint})` : what;
  }

  async #record(connection: ApplyConnection, pairs: readonly Pair[]): Promise<void> {
    const { plans, method, by } = this.#options;
    const table = plans.homeTable;
    const texts = pairs.map(({ found: { key, log, seq }, home, away }) =>
      repairText({ table, key, home, away, winner: method.winner, log, seq }, by),
    );
    for (const text of inPieces(texts)) await connection.run(text);
  }
}

/** Of lutra.difference. */
function recordOf(side: 'source' | 'target'): 'there' | 'here' {
  return side === 'source' ? 'there' : 'here';
}

function present(rows: readonly (Row | null)[]): readonly Row[] {
  return rows.filter((row) => row !== null);
}

const tooLarge = 'it is too large to be recorded, so nobody can say that it is still what was found: write it at the home region';
const whyRefused = {
  'unique value taken': 'another row holds a unique value of it',
  'parent missing': 'the row that a foreign key of it points to is not there',
  'child exists': 'other rows point to it',
  'row missing': 'the row was changed meanwhile',
} as const;
