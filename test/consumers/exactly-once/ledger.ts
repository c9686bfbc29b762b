/**
 * The consumer's own data, here in SQLite: every change, one line each. What was read and how far belong to one commit, so that a crash
 * leaves both or neither. A second consumer by mistake is stopped: it would not find the position that it moves from.
 */
import { DatabaseSync } from 'node:sqlite';
import { beginning, type LogPosition } from './log-rule.js';

export class Ledger {
  readonly #database: DatabaseSync;
  #position: LogPosition;

  constructor(file: string) {
    this.#database = new DatabaseSync(file, { timeout: 5000 });
    this.#database.exec(`PRAGMA journal_mode = WAL;
      CREATE TABLE IF NOT EXISTS changes (number INTEGER PRIMARY KEY AUTOINCREMENT, change TEXT NOT NULL) STRICT;
      CREATE TABLE IF NOT EXISTS position (one INTEGER PRIMARY KEY, log TEXT, epoch INTEGER, seq INTEGER, "offset" INTEGER) STRICT`);
    this.#database.prepare('INSERT OR IGNORE INTO position VALUES (1, ?, ?, ?, ?)').run(...values(beginning));
    this.#position = this.#database.prepare('SELECT log, epoch, seq, "offset" FROM position').get() as unknown as LogPosition;
  }

  get position(): LogPosition {
    return this.#position;
  }

  apply({ changes, position }: { readonly changes: readonly string[]; readonly position: LogPosition }): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const move = this.#database.prepare('UPDATE position SET log = ?, epoch = ?, seq = ?, "offset" = ? WHERE log = ? AND seq = ?');
      const { changes: moved } = move.run(...values(position), this.#position.log, this.#position.seq);
      if (moved !== 1) throw new Error('the position is not where it was: another consumer writes to this ledger');
      const insert = this.#database.prepare('INSERT INTO changes (change) VALUES (?)');
      for (const change of changes) insert.run(change);
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
    this.#position = position;
  }
}

function values({ log, epoch, seq, offset }: LogPosition): [string, number, number, number] {
  return [log, epoch, seq, offset];
}
