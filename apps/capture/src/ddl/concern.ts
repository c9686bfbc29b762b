/**
 * Which routed tables a statement concerns. First *mention*: a statement in which no name is one of a routed table cannot touch any,
 * whatever it is. Then *shape*: where a known kind of statement only mentions a table (as a column, as the parent of a foreign key), the
 * alarm would be false. Everything else concerns what it mentions. Decision 0010 tells why there is no parser.
 */
import { sqlTokens } from '@lutra/binlog';
import type { Token } from '@lutra/binlog';
import { foldedName } from '@lutra/model';
import type { Router, SourceItem, StatementReading, TableName } from '@lutra/model';
import { keyword } from './cursor.js';
import type { Reference } from './cursor.js';
import { shapeOf } from './shape.js';
import type { Shape } from './shape.js';

type Ddl = Pick<Extract<SourceItem, { kind: 'ddl' }>, 'database' | 'readings' | 'doubt'>;

export interface Routing {
  readonly router: Router;
  /** lower_case_table_names=1: the server keeps names in lower case, and the text has them as they were written. */
  readonly foldsNames: boolean;
}

export interface Concern {
  /** Its kind, like 'ALTER TABLE'. */
  readonly statement: string;
  /** `*` is each routed table of a database. None: which ones cannot be made out. */
  readonly tables: readonly TableName[];
  /** Why they cannot be made out. */
  readonly doubt: string | null;
}

/** Null: it changes no routed table. Takes the worst of the statement's readings. */
export function concernOf(ddl: Ddl, routing: Routing): Concern | null {
  const read = ddl.readings.map((reading) => readOne(reading, ddl.database, routing));
  const whole = read.filter((one) => !one.isBroken || one.shape.harmless);
  const { statement } = (whole[0] ?? read[0])!.shape;
  const touching = whole.find((one) => one.touches);
  // what another reading takes for names may be values
  const areNames = touching === read[0] || Array.isArray(touching?.shape.changes);
  if (touching) return { statement, tables: areNames ? touching.tables : [], doubt: ddl.doubt };
  if (whole.length === 0) return { statement, tables: [], doubt: ddl.doubt ?? 'its text cannot be read' };
  return ddl.doubt === null || whole.every(({ shape }) => shape.harmless) ? null : { statement, tables: [], doubt: ddl.doubt };
}

interface Read {
  readonly shape: Shape;
  readonly isBroken: boolean;
  readonly touches: boolean;
  readonly tables: readonly TableName[];
}

/** Of a harmless statement, all that tells what it is. */
const mostOpening = 40;

function readOne(reading: StatementReading, database: string, { router, foldsNames }: Routing): Read {
  // A stored program may have megabytes, and nobody else runs while its tokens are cut.
  const opening = shapeOf(firstOf(sqlTokens(reading.text, reading), mostOpening));
  if (opening.harmless) return { shape: opening, isBroken: false, touches: false, tables: [] };
  const tokens = [...sqlTokens(reading.text, reading)];
  const shape = shapeOf(tokens);
  const isBroken = tokens.at(-1)?.kind === 'broken' || hasStringForName(tokens);
  const fold = foldsNames ? foldedName : (name: string): string => name;
  const routed = (reference: Reference): readonly TableName[] => {
    const of = fold(reference.database ?? database);
    if (reference.name === null) return router.coversDatabase(of) ? [{ database: of, name: '*' }] : [];
    const table = { database: of, name: fold(reference.name) };
    return of !== '' && router(table) ? [table] : [];
  };
  const named = (shape.changes === 'mentioned' || shape.changes === 'any' ? mentioned(tokens) : shape.changes).flatMap(routed);
  const tables = [...new Map(named.map((table) => [JSON.stringify(table), table])).values()];
  return { shape, isBroken, touches: tables.length > 0 || (!shape.harmless && reachesAny(shape, tokens)), tables };
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
function reachesAny(shape: Shape, tokens: readonly Token[]): boolean {
  return shape.changes === 'any' || tokens.some(({ kind, text }) => kind === 'quoted' && /^#mysql50#/i.test(text));
}

/** Each name, quoted or not, keyword or not: as a table, and where it stands alone as a database, too. */
function mentioned(tokens: readonly Token[]): readonly Reference[] {
  const isName = (token: Token | undefined): boolean => token?.kind === 'word' || token?.kind === 'quoted';
  return tokens.flatMap((token, i): Reference[] => {
    if (!isName(token)) return [];
    const before = keyword(tokens[i - 1]) === '.' && isName(tokens[i - 2]) ? tokens[i - 2]! : null;
    if (before) return [{ database: before.text, name: token.text }];
    const lone = { database: null, name: token.text };
    return keyword(tokens[i + 1]) === '.' ? [lone] : [lone, { database: token.text, name: null }];
  });
}
