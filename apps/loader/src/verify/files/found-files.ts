/** Files that a verification found to differ, among the rows of lutra.difference: the row's key, and in place of the row root and path. */
import type { NamedFile } from '@lutra/files';
import { fileOutcomes, rowFromJson, rowToJson, SyncError } from '@lutra/model';
import type { FileOutcome, Row } from '@lutra/model';
import { quoteText } from '@lutra/mysql';
import type { Queries, ResultRow } from '@lutra/mysql';
import { inTransaction, is } from '../probe-rounds.js';
import { hashOf } from '../probes.js';
import type { ProbedTable } from '../probes.js';
import { groups } from '../sieve-ranges.js';

/** As it stands there. */
export interface KeptFile extends NamedFile {
  readonly key: Row;
  readonly outcome: FileOutcome;
}

export interface FoundAt {
  readonly log: string;
  readonly seq: number;
}

const atOnce = 500;
const ofFiles = `outcome IN (${fileOutcomes.map(quoteText).join(', ')})`;

export class FoundFiles {
  readonly #target: Queries;
  readonly #of: ProbedTable;

  constructor(target: Queries, of: ProbedTable) {
    this.#target = target;
    this.#of = of;
  }

  /** In place of what the order had found of files of the table. */
  async keep(files: readonly KeptFile[], { log, seq }: FoundAt): Promise<void> {
    const { pipeline, request, table } = this.#of;
    const of = [pipeline, request, table.database, table.name].map(quoteText).join(', ');
    const columns = 'pipeline, request, database_name, table_name, key_hash, row_key, outcome, here_row, log_id, seq';
    await inTransaction(this.#target, async () => {
      await this.#target.query(`DELETE FROM lutra.difference WHERE ${this.#here}`);
      for (const some of groups(files, atOnce)) {
        const rows = some.map((file) => `(${of}, ${valuesOf(file)}, ${quoteText(log)}, ${seq})`);
        await this.#target.query(`INSERT INTO lutra.difference (${columns}) VALUES ${rows.join(', ')} ON DUPLICATE KEY UPDATE seq = seq`);
      }
    });
  }

  async read(): Promise<readonly KeptFile[]> {
    const sql = `SELECT row_key, outcome, here_row FROM lutra.difference WHERE ${this.#here} ORDER BY key_hash`;
    return (await this.#target.query(sql)).map(keptFile);
  }

  /** They are as they are to be. */
  async remove(files: readonly KeptFile[]): Promise<void> {
    for (const some of groups(files, atOnce)) await this.#target.query(`DELETE FROM lutra.difference WHERE ${this.#these(some)}`);
  }

  async problem(files: readonly KeptFile[], why: string): Promise<void> {
    const set = `UPDATE lutra.difference SET problem = ${quoteText(why.slice(0, 1_000))}`;
    for (const some of groups(files, atOnce)) await this.#target.query(`${set} WHERE ${this.#these(some)}`);
  }

  get #here(): string {
    return `${this.#table} AND ${ofFiles}`;
  }

  #these(files: readonly KeptFile[]): string {
    return `${this.#table} AND key_hash IN (${files.map(hashOfFile).join(', ')})`;
  }

  get #table(): string {
    const { pipeline, request, table } = this.#of;
    const [uid, database, name] = [pipeline, table.database, table.name].map(quoteText);
    return `pipeline = ${uid} AND ${is(request)} AND database_name = ${database} AND table_name = ${name}`;
  }
}

function valuesOf(file: KeptFile): string {
  const { root, path, hash, key, outcome } = file;
  const shown = JSON.stringify({ root, path, ...(hash !== null && { hash }) });
  return [hashOfFile(file), ...[rowToJson(key), outcome, shown].map(quoteText)].join(', ');
}

/** A row may name several files, and may differ itself. */
function hashOfFile({ root, path, key }: KeptFile): string {
  return hashOf(JSON.stringify([rowToJson(key), root, path]));
}

function keptFile(row: ResultRow): KeptFile {
  const text = (name: string): string => row[name]?.toString() ?? '';
  const { root, path, hash = null } = JSON.parse(text('here_row')) as Omit<NamedFile, 'hash'> & Partial<NamedFile>;
  const outcome = fileOutcomes.find((known) => known === text('outcome'));
  if (!outcome) throw new SyncError('INTERNAL', `lutra.difference: outcome ${text('outcome')} is none of a file`);
  return { root, path, hash, key: rowFromJson(text('row_key')), outcome };
}
