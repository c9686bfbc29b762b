/**
 * The consumer's own data, here in SQLite: every change, one line each. What was read and how far belong to one commit, so that a crash
 * leaves both or neither. A second consumer by mistake is stopped: it would not find the place that it moves from.
 */
import { DatabaseSync } from 'node:sqlite';
import { beginning, type Place } from './log-rule.js';

export class Ledger {
  readonly #database: DatabaseSync;
  #place: Place;

  constructor(file: string) {
    this.#database = new DatabaseSync(file, { timeout: 5000 });
    this.#database.exec(`PRAGMA journal_mode = WAL;
      CREATE TABLE IF NOT EXISTS changes (number INTEGER PRIMARY KEY AUTOINCREMENT, change TEXT NOT NULL) STRICT;
      CREATE TABLE IF NOT EXISTS place (one INTEGER PRIMARY KEY, log TEXT, epoch INTEGER, seq INTEGER, "offset" INTEGER) STRICT`);
    this.#database.prepare('INSERT OR IGNORE INTO place VALUES (1, ?, ?, ?, ?)').run(...values(beginning));
    this.#place = this.#database.prepare('SELECT log, epoch, seq, "offset" FROM place').get() as unknown as Place;
  }

  get place(): Place {
    return this.#place;
  }

  apply({ changes, place }: { readonly changes: readonly string[]; readonly place: Place }): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const move = this.#database.prepare('UPDATE place SET log = ?, epoch = ?, seq = ?, "offset" = ? WHERE log = ? AND seq = ?');
      const { changes: moved } = move.run(...values(place), this.#place.log, this.#place.seq);
      if (moved !== 1) throw new Error('the place is not where it was: another consumer writes to this ledger');
      const insert = this.#database.prepare('INSERT INTO changes (change) VALUES (?)');
      for (const change of changes) insert.run(change);
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
    this.#place = place;
  }
}

function values({ log, epoch, seq, offset }: Place): [string, number, number, number] {
  return [log, epoch, seq, offset];
}
