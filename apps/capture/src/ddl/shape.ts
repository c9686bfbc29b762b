/**
 * What a statement does to the tables that it names. It is read only as far as needed to know where names of tables stand: the source has
 * accepted the text. A statement or clause that is not known here leaves it open, and then each name in the text counts.
 */
import { keyword } from '@lutra/binlog';
import type { Token } from '@lutra/binlog';
import { alteredTables } from './alter-table.js';
import { created } from './create-table.js';
import { Cursor } from './cursor.js';
import type { Reference } from './cursor.js';

export interface Shape {
  /** Its kind, like 'ALTER TABLE'. */
  readonly statement: string;
  /** Its first words tell that it changes neither rows nor the definition of a table. */
  readonly harmless: boolean;
  /** All that it names, with what it does with them; 'mentioned': not known, each name counts; 'any': others, too. */
  readonly tables: Tables;
  /** Why running it elsewhere may not do the same although the tables are known; null: nothing is known of that kind. */
  readonly doubt: string | null;
}

export type Tables = readonly Reference[] | 'mentioned' | 'any';

const harmlessVerbs = new Set(['GRANT', 'REVOKE', 'FLUSH', 'OPTIMIZE', 'REPAIR']);
/** After CREATE, ALTER, DROP. SEQUENCE is not among them: CREATE OR REPLACE SEQUENCE drops a table of that name. */
const harmlessObjects = new Set(
  ['USER', 'ROLE', 'VIEW', 'TRIGGER', 'FUNCTION', 'PROCEDURE', 'PACKAGE', 'EVENT', 'SERVER', 'LIBRARY', 'AGGREGATE', 'SPATIAL'].concat(
    ['TABLESPACE', 'UNDO', 'LOGFILE', 'RESOURCE', 'INSTANCE'],
    // what stands before a view or a stored program, and before nothing else
    ['DEFINER', 'ALGORITHM', 'SQL'],
  ),
);

export function shapeOf(tokens: readonly Token[]): Shape {
  const cursor = new Cursor(tokens);
  if (cursor.take('SET', 'STATEMENT')) cursor.skipBehind('FOR');
  const verb = cursor.here;
  cursor.name();
  switch (verb) {
    case 'CREATE':
      return create(cursor);
    case 'ALTER':
      return alter(cursor);
    case 'DROP':
      return drop(cursor);
    case 'RENAME':
      if (cursor.here === 'USER') return harmless('RENAME USER');
      return cursor.takeOne('TABLE', 'TABLES') ? known('RENAME TABLE', renamed(cursor)) : known('RENAME', 'mentioned');
    case 'TRUNCATE':
      cursor.take('TABLE');
      return known('TRUNCATE TABLE', list(cursor));
    case 'ANALYZE':
      return isMaintenance(cursor) ? harmless('ANALYZE TABLE') : known(verb, 'mentioned');
    case 'SET':
      return ['PASSWORD', 'DEFAULT', 'ROLE', 'RESOURCE'].includes(cursor.here) ? harmless('SET') : known(verb, 'mentioned');
    case 'IMPORT':
      return known('IMPORT TABLE', 'any');
    default:
      return harmlessVerbs.has(verb) ? harmless(verb) : known(verb || 'a statement', 'mentioned');
  }
}

const harmless = (statement: string): Shape => ({ statement: statement.trim(), harmless: true, tables: [], doubt: null });
const known = (statement: string, tables: Tables, doubt: string | null = null): Shape => {
  const merges = Array.isArray(tables) && tables.some(({ role }) => role === 'union');
  return { statement: statement.trim(), harmless: false, tables, doubt: merges ? merged : doubt };
};

const merged = 'rows of the tables of a MERGE table change through it, and the binlog has them as its own';

function create(cursor: Cursor): Shape {
  const replaces = cursor.take('OR', 'REPLACE');
  if (cursor.take('TEMPORARY')) return harmless('CREATE TEMPORARY TABLE');
  if (cursor.take('SPATIAL', 'REFERENCE')) return harmless('CREATE SPATIAL REFERENCE SYSTEM');
  cursor.takeOne('UNIQUE', 'FULLTEXT', 'SPATIAL', 'VECTOR');
  const statement = `CREATE ${replaces ? 'OR REPLACE ' : ''}${cursor.here}`;
  if (cursor.take('TABLE')) {
    const { tables, doubt } = created(cursor);
    return known(statement, tables, doubt);
  }
  if (cursor.take('INDEX')) return known('CREATE INDEX', indexed(cursor));
  if (cursor.takeOne('DATABASE', 'SCHEMA')) return known(statement.replace('SCHEMA', 'DATABASE'), database(cursor));
  return harmlessObjects.has(cursor.here) ? harmless(statement) : known(statement, 'mentioned');
}

function alter(cursor: Cursor): Shape {
  while (cursor.takeOne('ONLINE', 'OFFLINE', 'IGNORE'));
  const statement = `ALTER ${cursor.here}`;
  if (cursor.take('TABLE')) return known(statement, alteredTables(cursor), movesFiles(cursor) ? filed : null);
  if (cursor.takeOne('DATABASE', 'SCHEMA')) return alteredDatabase(cursor);
  return harmlessObjects.has(cursor.here) ? harmless(statement) : known(statement, 'mentioned');
}

/**
 * Options of a database. One behind ALTER DATABASE is no name: it is the session's own then, and nothing in the text can be mapped.
 * READ ONLY alone is not to be the same elsewhere: rows must be written there.
 */
const databaseOptions = new Set(['DEFAULT', 'CHARACTER', 'CHARSET', 'COLLATE', 'ENCRYPTION', 'READ', 'COMMENT']);
const unnamed: Reference = { database: null, name: null, role: 'mentioned', at: -1, end: -1 };

function alteredDatabase(cursor: Cursor): Shape {
  const isNamed = !databaseOptions.has(cursor.here);
  const tables = isNamed ? database(cursor) : [unnamed];
  const words = cursor
    .rest()
    .map(keyword)
    .filter((word) => word !== '=');
  if (words[0] === 'READ' && words.length === 3) return harmless('ALTER DATABASE');
  if (words.includes('READ')) return known('ALTER DATABASE', tables, 'it locks the database, or opens it, and alters it too');
  return known('ALTER DATABASE', tables, isNamed ? null : 'it does not name the database that it alters');
}

const filed = 'the rows of a table are taken out of a file, or into one';

function movesFiles(cursor: Cursor): boolean {
  return cursor.skipBehind('DISCARD', 'IMPORT');
}

function drop(cursor: Cursor): Shape {
  if (cursor.take('TEMPORARY')) return harmless('DROP TEMPORARY TABLE');
  const statement = `DROP ${cursor.here}`;
  if (cursor.takeOne('TABLE', 'TABLES')) return known('DROP TABLE', list(cursor));
  if (cursor.take('INDEX')) return known(statement, indexed(cursor));
  if (cursor.takeOne('DATABASE', 'SCHEMA')) return known('DROP DATABASE', database(cursor));
  return harmlessObjects.has(cursor.here) ? harmless(statement) : known(statement, 'mentioned');
}

function isMaintenance(cursor: Cursor): boolean {
  cursor.takeOne('LOCAL', 'NO_WRITE_TO_BINLOG');
  return cursor.takeOne('TABLE', 'TABLES');
}

function database(cursor: Cursor): Tables {
  skipExists(cursor);
  const name = cursor.database();
  return name === null ? 'mentioned' : [name];
}

function indexed(cursor: Cursor): Tables {
  const table = cursor.skipBehind('ON') ? cursor.table('subject') : null;
  return table === null ? 'mentioned' : [table];
}

/** `a, b`, and what may stand behind: nothing with a name. */
function list(cursor: Cursor): Tables {
  skipExists(cursor);
  const tables = cursor.tables('subject');
  cursor.takeOne('RESTRICT', 'CASCADE');
  skipWait(cursor);
  return tables !== null && cursor.isEnd ? tables : 'mentioned';
}

function renamed(cursor: Cursor): Tables {
  skipExists(cursor);
  const tables: Reference[] = [];
  do {
    const from = cursor.table('from');
    skipWait(cursor);
    const to = cursor.take('TO') ? cursor.table('to') : null;
    if (from === null || to === null) return 'mentioned';
    tables.push(from, to);
  } while (cursor.take(','));
  return cursor.isEnd ? tables : 'mentioned';
}

function skipExists(cursor: Cursor): void {
  if (cursor.take('IF')) {
    cursor.take('NOT');
    cursor.take('EXISTS');
  }
}

/** MariaDB. */
function skipWait(cursor: Cursor): void {
  cursor.take('NOWAIT');
  if (cursor.take('WAIT')) cursor.takeKind('number');
}
