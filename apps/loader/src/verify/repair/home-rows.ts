/**
 * Rows of a table that flows both ways, of which home's are taken: read under their locks, compared with what was found, and sent as
 * resolution records behind a marker, in one transaction.
 *
 * Counter-examples (docs/decisions/0032-seeding.md, 28): a row of home that was read before the transaction is older than a change that
 * stands in front of it in the log: 5 of 5 diverge. Without the comparison a write that nobody has looked at is lost.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { repairMarkStatement } from '@lutra/marker';
import { rowToJson, toSyncError } from '@lutra/model';
import type { Row, SyncError } from '@lutra/model';
import { identicalRows, inPieces, keyOfRow, openingText } from '@lutra/mysql';
import type { ApplyConnection, SqlText } from '@lutra/mysql';
import { isTransient } from '../../commit/target-writer.js';
import { readRows } from '../../conflict/resolve/rows.js';
import type { FoundRow } from './found-rows.js';
import type { AtHome } from './method.js';
import { isAsRecorded } from './recorded.js';
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
    const done = await this.#tried(rows, (connection) => this.#tell(connection, rows));
    if (!(done instanceof Error)) return done;
    if (rows.length === 1) return new Map(rows.map(({ hash }) => [hash, { refused: `${done.code}: ${done.message}` }]));
    const alone = new Map<string, RowRepair>();
    for (const row of rows) for (const [hash, result] of await this.repair([row])) alone.set(hash, result);
    return alone;
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
      const isSame = await isAsRecorded(plans.home, home, found[method.winner === 'source' ? 'there' : 'here']);
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

  async #record(connection: ApplyConnection, pairs: readonly Pair[]): Promise<void> {
    const { plans, by } = this.#options;
    const table = plans.homeTable;
    const texts = pairs.map(({ found: { key, log, seq }, home, away }) => repairText({ table, key, home, away, log, seq }, by));
    for (const text of inPieces(texts)) await connection.run(text);
  }
}

function present(rows: readonly (Row | null)[]): readonly Row[] {
  return rows.filter((row) => row !== null);
}
