/**
 * Whether a statement concerns routed tables, and what is published of it. First *mention*: a statement in which no name is one of a
 * routed table cannot touch any, whatever it is. Then *shape*: where a known kind of statement only mentions a table (as a column, as the
 * parent of a foreign key), it does not concern it. Everything else concerns what it mentions. Decision 0010 tells why there is no parser.
 */
import { keyword, plainStatement, sqlTokens } from '@lutra/binlog';
import type { PlainStatement, Token } from '@lutra/binlog';
import { foldedName } from '@lutra/model';
import type { DdlClause, DdlRole, DdlTable, Router, SourceItem, StatementReading, TableName } from '@lutra/model';
import { clausesOf } from './clauses.js';
import { compatibilityOf, incompatible } from './compatible.js';
import type { Compatibility } from './compatible.js';
import type { Reference } from './cursor.js';
import { shapeOf } from './shape.js';
import type { Shape } from './shape.js';

type Ddl = Pick<Extract<SourceItem, { kind: 'ddl' }>, 'database' | 'sql' | 'readings' | 'doubt'>;

export interface Routing {
  readonly router: Router;
  /** lower_case_table_names=1: the server keeps names in lower case, and the text has them as they were written. */
  readonly foldsNames: boolean;
}

/** As a record of the log has it. */
export interface Concern extends Compatibility {
  readonly statement: string;
  readonly sql: string;
  readonly tables: readonly DdlTable[];
  readonly doubt: string | null;
  readonly clauses: readonly DdlClause[] | null;
}

/** Null: it changes no routed table. Takes the worst of the statement's readings. */
export function concernOf(ddl: Ddl, routing: Routing): Concern | null {
  const read = ddl.readings.map((reading) => readOne(reading, ddl.database, routing));
  const whole = read.filter((one) => !one.isBroken || one.shape.harmless);
  const [first] = whole;
  const told = { statement: kindOf((first ?? read[0])!.shape), sql: first?.plain?.sql ?? ddl.sql, clauses: null, ...incompatible };
  if (!first) return { ...told, tables: [], doubt: ddl.doubt ?? 'its text cannot be read' };
  const touching = whole.find((one) => one.touches);
  if (!touching) return ddl.doubt === null || whole.every(({ shape }) => shape.harmless) ? null : { ...told, tables: [], doubt: ddl.doubt };
  if (touching.reach !== null) return { ...told, tables: [], doubt: ddl.doubt ?? touching.reach };
  const doubt = ddl.doubt ?? doubtOf(whole, touching);
  if (doubt === null)
    return {
      ...told,
      tables: first.tables,
      doubt: first.shape.doubt,
      clauses: first.clauses,
      ...(first.shape.doubt === null && agreed(whole)),
    };
  // what another reading takes for names may be values
  const areNames = touching === read[0] || Array.isArray(touching.shape.tables);
  return { ...told, tables: areNames ? touching.routed.map(asMentioned) : [], doubt };
}

/** Why nobody can say what it does with which table, though each reading can be read. */
function doubtOf(whole: readonly Read[], { shape, plain }: Read): string | null {
  if (!Array.isArray(shape.tables)) return 'it is not known what the statement does to the tables that it names';
  if (plain === null) return 'its text cannot be said without the marks of its executable comments';
  const ways = new Set(
    whole.map((one) => JSON.stringify([one.shape.statement, one.tables.map(({ database, name, role }) => [database, name, role])])),
  );
  return ways.size === 1
    ? null
    : 'it names other tables when it is read under another sql_mode or character set, and nobody knows which was in force';
}

/** One reading may take for a value what another one takes for a name. */
function agreed([first, ...others]: readonly Read[]): Compatibility {
  const text = JSON.stringify(first?.compatibility);
  return first && others.every(({ compatibility }) => JSON.stringify(compatibility) === text) ? first.compatibility : incompatible;
}

function asMentioned({ database, name }: DdlTable): DdlTable {
  return { database, name, role: 'mentioned', offset: -1, length: 0 };
}

/** Of a statement that is not known, as far as it is a word. */
function kindOf({ statement }: Shape): string {
  return (
    statement
      .replaceAll(/[^A-Z_ ]/g, '')
      .trim()
      .slice(0, 64) || 'a statement'
  );
}

interface Read {
  readonly shape: Shape;
  readonly isBroken: boolean;
  readonly touches: boolean;
  /** Why it may touch tables that it does not name; null: it does not. */
  readonly reach: string | null;
  /** Null: of a harmless one, or of one that cannot be said without its marks. */
  readonly plain: PlainStatement | null;
  /** All that have a role. */
  readonly tables: readonly DdlTable[];
  /** Those that it may change. */
  readonly routed: readonly DdlTable[];
  readonly clauses: readonly DdlClause[] | null;
  readonly compatibility: Compatibility;
}

/** Of a harmless statement, all that tells what it is. */
const mostOpening = 40;
/** What is done with these changes neither their rows nor their definitions. */
const unchanged: ReadonlySet<DdlRole> = new Set(['like', 'references']);

function readOne(reading: StatementReading, database: string, { router, foldsNames }: Routing): Read {
  // A stored program may have megabytes, and nobody else runs while its tokens are cut.
  const opening = shapeOf(firstOf(sqlTokens(reading.text, reading), mostOpening));
  const nothing = { plain: null, reach: null, tables: [], routed: [], clauses: null, compatibility: incompatible };
  if (opening.harmless) return { shape: opening, isBroken: false, touches: false, ...nothing };
  const plain = plainStatement(reading);
  const tokens = plain?.tokens ?? [...sqlTokens(reading.text, reading)];
  const shape = shapeOf(tokens);
  const isBroken = tokens.at(-1)?.kind === 'broken' || hasStringForName(tokens);
  const fold = foldsNames ? foldedName : (name: string): string => name;
  const tables = Array.isArray(shape.tables) ? shape.tables.map(tableOf(shape.tables, { database, fold })) : [];
  const isRouted = ({ database: of, name }: TableName): boolean =>
    name === '*' ? router.coversDatabase(of) : of !== '' && isLookedAt({ database: of, name }, router);
  const named = Array.isArray(shape.tables)
    ? tables.filter(({ role }) => !unchanged.has(role))
    : mentioned(tokens).map(tableOf([], { database, fold }));
  const routed = [...new Map(named.filter(isRouted).map((table) => [JSON.stringify([table.database, table.name]), table])).values()];
  const reach = shape.harmless ? null : reachOf(shape, tokens);
  return {
    shape,
    isBroken,
    touches: routed.length > 0 || reach !== null,
    reach,
    plain,
    tables,
    routed,
    clauses: plain && clausesOf(tokens),
    compatibility:
      plain && reading.flavor === 'mysql' ? compatibilityOf(plain, { statement: shape.statement, tables, isRouted }) : incompatible,
  };
}

/** Also of a shadow whose rows are not carried: what is done to it is done to its table in the end. */
function isLookedAt(table: TableName, router: Router): boolean {
  return router(table) !== null || router.shadow(table) === 'apart';
}

/** A foreign key without a database refers to the database of its own table. */
function tableOf(
  [subject]: readonly Reference[],
  { database, fold }: { database: string; fold: (name: string) => string },
): (of: Reference) => DdlTable {
  const own = subject?.database ?? database;
  return ({ database: of, name, role, at, end }) => ({
    database: fold(of ?? (role === 'references' ? own : database)),
    name: name === null ? '*' : fold(name),
    role,
    offset: at,
    length: end - at,
  });
}

function firstOf(tokens: Iterable<Token>, most: number): readonly Token[] {
  const first: Token[] = [];
  for (const token of tokens) if (first.push(token) === most) break;
  return first;
}

const beforeName = new Set(['.', 'TABLE', 'TABLES', 'TO', 'ON', 'EXISTS', 'RENAME', 'REFERENCES', 'DATABASE', 'SCHEMA']);

/** The server would have refused it: so it has read "…" in another way. */
function hasStringForName(tokens: readonly Token[]): boolean {
  const takesNone = /^(?:DROP|RENAME|TRUNCATE)$/.test(keyword(tokens[0]));
  return tokens.some(
    ({ kind }, i) => kind === 'string' && (takesNone || beforeName.has(keyword(tokens[i - 1])) || keyword(tokens[i + 1]) === '.'),
  );
}

/** MariaDB takes `#mysql50#t` for the file t: which table that is cannot be told from the name. */
function reachOf(shape: Shape, tokens: readonly Token[]): string | null {
  if (shape.tables === 'any') return 'it names no table that it changes';
  const isFile = tokens.some(({ kind, text }) => kind === 'quoted' && /^#mysql50#/i.test(text));
  return isFile ? 'a name in it begins with #mysql50#, which is the name of a file' : null;
}

/** Each name, quoted or not, keyword or not: as a table, and where it stands alone as a database, too. */
function mentioned(tokens: readonly Token[]): readonly Reference[] {
  const isName = (token: Token | undefined): boolean => token?.kind === 'word' || token?.kind === 'quoted';
  return tokens.flatMap((token, i): Reference[] => {
    if (!isName(token)) return [];
    const before = keyword(tokens[i - 1]) === '.' && isName(tokens[i - 2]) ? tokens[i - 2]! : null;
    const named = { role: 'mentioned', at: token.at, end: token.end } as const;
    if (before) return [{ database: before.text, name: token.text, ...named }];
    const lone = { database: null, name: token.text, ...named };
    return keyword(tokens[i + 1]) === '.' ? [lone] : [lone, { database: token.text, name: null, ...named }];
  });
}
