/** The statements of schemas/lutra.sql, by table: it is written once, for who runs it by hand and for us. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SyncError } from '@lutra/model';

export interface LutraTables {
  /** CREATE DATABASE. */
  readonly database: string;
  /** Table → what makes it, and fills it. */
  readonly tables: ReadonlyMap<string, readonly string[]>;
}

let known: LutraTables | undefined;

export function lutraTables(): LutraTables {
  return (known ??= parse(readFileSync(lutraSqlFile(), 'utf8')));
}

/** No statement has a semicolon at the end of a line but its last one; comments are whole lines. */
export function parse(text: string): LutraTables {
  const lines = text.split('\n').filter((line) => !line.startsWith('--'));
  const statements = lines
    .join('\n')
    .split(/;\n/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
  const tables = new Map<string, string[]>();
  let database = '';
  for (const statement of statements) {
    const [, table] = /^(?:CREATE TABLE IF NOT EXISTS|INSERT IGNORE INTO) lutra\.(\w+)/.exec(statement) ?? [];
    if (table !== undefined) tables.set(table, [...(tables.get(table) ?? []), statement]);
    else if (statement.startsWith('CREATE DATABASE')) database = statement;
    else throw new SyncError('INTERNAL', `schemas/lutra.sql has a statement that is not known: ${statement.slice(0, 40)}`);
  }
  return { database, tables };
}

/** Found from the sources and from dist/ alike. */
function lutraSqlFile(): string {
  const from = dirname(fileURLToPath(import.meta.url));
  for (let folder = from; ; folder = dirname(folder)) {
    const file = join(folder, 'schemas', 'lutra.sql');
    if (existsSync(file)) return file;
    if (dirname(folder) === folder) throw new SyncError('INTERNAL', `no folder above ${from} has schemas/lutra.sql`);
  }
}
