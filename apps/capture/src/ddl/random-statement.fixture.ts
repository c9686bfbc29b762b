/**
 * Statements drawn at random: each kind of DDL on routed tables and on others, with comments, case, quoting, spaces, default database,
 * character set and sql_mode put in at random, sent as they are or prepared in another session's mode. Names of tables stand where columns
 * and comments are, too.
 */
import { Random } from '../../../../test/harness/index.js';
import { empty, tables } from './server-statements.fixture.js';
import type { Ran, StatementRunner, Table } from './server-statements.fixture.js';

export interface Drawn {
  /** Bytes, one a character: the session's settings, then the statement. */
  readonly statements: readonly string[];
  readonly kind: string;
  /** No routed table stands where it could be changed. */
  readonly mustPass: boolean;
  readonly touched: readonly Table[];
  /** It was read in another session than it ran in. */
  readonly isPrepared: boolean;
}

export interface Dialect {
  readonly isMariadb: boolean;
  readonly foldsNames: boolean;
  /** Character set → name → its bytes. */
  readonly names: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** A keyword or mark; a name that is none of a table; a string; a table. */
type Piece = string | { readonly name: string } | { readonly string: string } | Table;

interface Template {
  readonly pieces: readonly (Piece | readonly Piece[])[];
  readonly changes?: readonly Table[];
  /** It leaves something at them that the next statement must not meet. */
  readonly leaves?: readonly Table[];
  readonly dropsDatabase?: string;
}

type Draw = (random: Random, any: { table: () => Table; name: () => Piece; fresh: () => Table; parts: () => Table }) => Template;

const fresh = [
  { database: 'shop', name: 'fresh' },
  { database: 'crm', name: 'fresh' },
  { database: 'shop', name: empty },
];
const optional = (random: Random, ...pieces: readonly Piece[]): readonly Piece[] => (random.chance(0.5) ? pieces : []);

const common: Readonly<Record<string, Draw>> = {
  truncate: (r, { table }) => one(table(), (t) => ['TRUNCATE', optional(r, 'TABLE'), t]),
  drop: (r, { table }) => several([table(), table()], ([a, b]) => ['DROP', 'TABLE', optional(r, 'IF', 'EXISTS'), a!, ',', b!]),
  dropOne: (r, { table }) =>
    one(table(), (t) => ['DROP', r.pick(['TABLE', 'TABLES']), optional(r, 'IF', 'EXISTS'), t, optional(r, 'CASCADE')]),
  rename: (_, { table, fresh: to }) => several([table(), to()], ([a, b]) => ['RENAME', 'TABLE', a!, 'TO', b!]),
  swap: (_, { table }) =>
    several([table(), table(), fresh[1]!], ([a, b, c]) => ['RENAME', 'TABLE', a!, 'TO', c!, ',', b!, 'TO', a!, ',', c!, 'TO', b!]),
  add: (_, { table, name }) => one(table(), (t) => ['ALTER', 'TABLE', t, 'ADD', name(), 'INT']),
  comment: (_, { table }) => one(table(), (t) => ['ALTER', 'TABLE', t, 'COMMENT', { string: 'parcel' }]),
  alterRename: (r, { table, fresh: to }) =>
    several([table(), to()], ([a, b]) => [
      'ALTER',
      'TABLE',
      a!,
      optional(r, 'FORCE', ','),
      'RENAME',
      optional(r, r.pick(['TO', 'AS', '='])),
      b!,
    ]),
  columns: (_, { table, name }) =>
    one(table(), (t) => [
      'ALTER',
      'TABLE',
      t,
      'RENAME',
      'COLUMN',
      'v',
      'TO',
      name(),
      ',',
      'RENAME',
      'INDEX',
      'k',
      'TO',
      name(),
      ',',
      'COMMENT',
      '=',
      { string: "shop.'parcel" },
    ]),
  exchange: (_, { table, parts }) =>
    several([parts(), table()], ([a, b]) => ['ALTER', 'TABLE', a!, 'EXCHANGE', 'PARTITION', 'p0', 'WITH', 'TABLE', b!]),
  partition: (r, { parts }) => one(parts(), (t) => ['ALTER', 'TABLE', t, r.pick(['TRUNCATE', 'DROP']), 'PARTITION', 'p0']),
  partitionBy: (_, { table }) => one(table(), (t) => ['ALTER', 'TABLE', t, 'PARTITION', 'BY', 'HASH', '(', 'id', ')', 'PARTITIONS', '2']),
  discard: (_, { table }) => one(table(), (t) => ['ALTER', 'TABLE', t, 'DISCARD', 'TABLESPACE']),
  index: (r, { table, name }) => one(table(), (t) => ['CREATE', optional(r, 'UNIQUE'), 'INDEX', name(), 'ON', t, '(', 'v', ')']),
  dropIndex: (_, { table }) => one(table(), (t) => ['DROP', 'INDEX', 'k', 'ON', t]),
  foreignKey: (_, { table }) =>
    one(table(), (t) => ['ALTER', 'TABLE', t, 'ADD', 'FOREIGN', 'KEY', '(', 'v', ')', 'REFERENCES', table(), '(', 'id', ')']),
  keys: (r, { table }) => ({ pieces: ['ALTER', 'TABLE', table(), r.pick(['ENABLE', 'DISABLE']), 'KEYS'] }),
  create: (r, { fresh: to, name }) =>
    one(to(), (t) => [
      'CREATE',
      'TABLE',
      optional(r, 'IF', 'NOT', 'EXISTS'),
      t,
      '(',
      'id',
      'INT',
      'PRIMARY',
      'KEY',
      ',',
      name(),
      'INT',
      ')',
    ]),
  createLike: (r, { table, fresh: to }) => {
    const original: readonly Piece[] = ['LIKE', table()];
    return one(to(), (t) => ['CREATE', 'TABLE', t, r.chance(0.5) ? original : ['(', ...original, ')']]);
  },
  createChild: (_, { table, fresh: to }) =>
    one(to(), (t) => [
      'CREATE',
      'TABLE',
      t,
      '(',
      'id',
      'INT',
      ',',
      'FOREIGN',
      'KEY',
      '(',
      'id',
      ')',
      'REFERENCES',
      table(),
      '(',
      'id',
      ')',
      ')',
    ]),
  createAs: (_, { table, fresh: to }) => one(to(), (t) => ['CREATE', 'TABLE', t, 'AS', 'SELECT', '*', 'FROM', table()]),
  createExisting: (_, { table }) => one(table(), (t) => ['CREATE', 'TABLE', 'IF', 'NOT', 'EXISTS', t, '(', 'id', 'INT', ')']),
  createDatabase: (r) => databaseOf(r, (name) => ['CREATE', r.pick(['DATABASE', 'SCHEMA']), 'IF', 'NOT', 'EXISTS', name]),
  temporary: (_, { table }) => ({ pieces: ['CREATE', 'TEMPORARY', 'TABLE', table(), '(', 'id', 'INT', ')'] }),
  view: (_, { table }) => ({
    pieces: ['CREATE', 'OR', 'REPLACE', 'VIEW', { database: 'crm', name: 'vw' }, 'AS', 'SELECT', '*', 'FROM', table()],
  }),
  trigger: (r, { table }) => {
    const on = table();
    const head: readonly Piece[] = ['CREATE', 'TRIGGER', { name: `tr${r.int(1, 1e9)}` }, 'BEFORE', 'DELETE', 'ON', on];
    return { pieces: [...head, 'FOR', 'EACH', 'ROW', 'SET', '@a', '=', '1'], leaves: [on] };
  },
  procedure: (r, { table }) => ({
    pieces: ['CREATE', 'PROCEDURE', { database: 'crm', name: `p${r.int(1, 1e9)}` }, '(', ')', 'TRUNCATE', table()],
  }),
  user: (_, { name }) => ({ pieces: ['CREATE', 'USER', 'IF', 'NOT', 'EXISTS', name()] }),
  maintain: (r, { table }) => ({ pieces: [r.pick(['ANALYZE', 'OPTIMIZE']), 'TABLE', table()] }),
  flush: (_, { table }) => ({ pieces: ['FLUSH', 'TABLES', table()] }),
  dropDatabase: (r) => databaseOf(r, (name) => ['DROP', r.pick(['DATABASE', 'SCHEMA']), optional(r, 'IF', 'EXISTS'), name]),
  alterDatabase: (r) => databaseOf(r, (name) => ['ALTER', r.pick(['DATABASE', 'SCHEMA']), name, 'CHARACTER', 'SET', 'utf8mb4']),
};

const ofMariadb: Readonly<Record<string, Draw>> = {
  replace: (_, { table }) => one(table(), (t) => ['CREATE', 'OR', 'REPLACE', 'TABLE', t, '(', 'id', 'INT', ')']),
  sequence: (_, { table }) => one(table(), (t) => ['CREATE', 'OR', 'REPLACE', 'SEQUENCE', t]),
  replaceDatabase: (r) => databaseOf(r, (name) => ['CREATE', 'OR', 'REPLACE', 'DATABASE', name]),
  convert: (_, { parts, fresh: to }) =>
    several([parts(), to()], ([a, b]) => ['ALTER', 'TABLE', a!, 'CONVERT', 'PARTITION', 'p0', 'TO', 'TABLE', b!]),
  statement: (r, { table }) =>
    one(table(), (t) => ['SET', 'STATEMENT', 'lock_wait_timeout', '=', '5', 'FOR', 'TRUNCATE', optional(r, 'TABLE'), t]),
  wait: (r, { table, fresh: to }) =>
    several([table(), to()], ([a, b]) => ['RENAME', 'TABLE', optional(r, 'IF', 'EXISTS'), a!, 'WAIT', '5', 'TO', b!]),
  online: (r, { table }) => one(table(), (t) => ['ALTER', 'ONLINE', 'TABLE', optional(r, 'IF', 'EXISTS'), t, 'NOWAIT', 'ADD', 'n', 'INT']),
};

function one(table: Table, pieces: (table: Table) => Template['pieces']): Template {
  return { pieces: pieces(table), changes: [table] };
}

function several(changes: readonly Table[], pieces: (tables: readonly Table[]) => Template['pieces']): Template {
  return { pieces: pieces(changes), changes };
}

function databaseOf(random: Random, pieces: (name: Piece) => Template['pieces']): Template {
  const name = random.pick(['shop', 'crm', 'crm', 'crm']);
  return { pieces: pieces({ name }), dropsDatabase: name };
}

const isRouted = ({ database, name }: Table): boolean => database === 'shop' && ([...tables, empty, 'parts'] as string[]).includes(name);

export function drawStatement(random: Random, dialect: Dialect): Drawn {
  const charset = random.pick([...dialect.names.keys()]);
  const known = dialect.names.get(charset)!;
  const table = (): Table => ({ database: random.pick(['shop', 'crm']), name: random.pick([...known.keys()]) });
  const draws = Object.entries(dialect.isMariadb ? { ...common, ...ofMariadb } : common);
  const [kind, draw] = random.pick(draws);
  const any = {
    table,
    name: (): Piece => ({ name: random.pick(['n', 'shop', ...known.keys()]) }),
    fresh: (): Table => random.pick(fresh),
    parts: (): Table => ({ database: random.pick(['shop', 'crm']), name: random.pick(['parts', 'pieces']) }),
  };
  const template = draw(random, any);
  const mode = { ansi: random.chance(0.3), noEscapes: random.chance(0.3), database: random.pick(['shop', 'crm', '']), charset };
  const text = written(random, template.pieces.flat(), { ...mode, ...dialect, known });
  const modes = (ansi: boolean, noEscapes: boolean): string =>
    `SET sql_mode = '${[ansi && 'ANSI_QUOTES', noEscapes && 'NO_BACKSLASH_ESCAPES'].filter(Boolean).join()}'`;
  const settings = [
    'SET foreign_key_checks = 0',
    `SET NAMES ${charset}`,
    ...(mode.database ? [`USE ${mode.database}`] : []),
    modes(mode.ansi, mode.noEscapes),
  ];
  const hex = Buffer.from(text, 'latin1').toString('hex');
  const isPrepared = random.chance(0.2);
  const prepared = [
    `SET @q = CONVERT(x'${hex}' USING ${charset})`,
    'PREPARE s FROM @q',
    modes(random.chance(0.5), random.chance(0.5)),
    'EXECUTE s',
  ];
  return {
    statements: [...settings, ...(isPrepared ? prepared : [text])],
    kind,
    mustPass: !(template.changes ?? []).some(isRouted) && template.dropsDatabase !== 'shop',
    touched: [...(template.changes ?? []), ...(template.leaves ?? [])],
    isPrepared,
  };
}

interface Style extends Dialect {
  readonly ansi: boolean;
  readonly noEscapes: boolean;
  readonly database: string;
  readonly charset: string;
  readonly known: ReadonlyMap<string, string>;
}

function written(random: Random, pieces: readonly Piece[], style: Style): string {
  const wrapped = random.chance(0.2) ? random.int(0, pieces.length - 1) : -1;
  return pieces.reduce<string>((text, piece, i) => {
    const shown = pieceText(random, piece, style);
    const open = random.pick(['/*!', '/*!50000 ', ...(style.isMariadb ? ['/*M! ', '/*M!100100 '] : [])]);
    const inside = i === wrapped && typeof piece === 'string' && /^[A-Z]/.test(piece) ? `${open} ${shown} */` : shown;
    return `${text}${i === 0 && random.chance(0.5) ? '' : noise(random, style)}${inside}`;
  }, '');
}

function pieceText(random: Random, piece: Piece, style: Style): string {
  if (typeof piece === 'string') return random.chance(0.5) ? piece : piece.toLowerCase();
  if ('string' in piece) {
    const quote = style.ansi || random.chance(0.5) ? "'" : '"';
    const text = piece.string.replaceAll("'", quote === "'" ? "''" : "'");
    return `${quote}${text}${style.noEscapes || random.chance(0.7) ? '' : '\\\\'}${quote}`;
  }
  if (!('database' in piece)) return identifier(random, style.known.get(piece.name) ?? piece.name, style);
  const name = identifier(random, cased(random, style.known.get(piece.name) ?? piece.name, style), style);
  if (piece.database === style.database && random.chance(0.6)) return name;
  const gap = (): string => random.pick(['', '', '', ' ', '/**/', '\n']);
  return `${identifier(random, cased(random, piece.database, style), style)}${gap()}.${gap()}${name}`;
}

function cased(random: Random, name: string, { foldsNames }: Style): string {
  return foldsNames && /^[\w]+$/.test(name) && random.chance(0.5) ? name.toUpperCase() : name;
}

/** Bare where the characters allow it. */
function identifier(random: Random, bytes: string, { ansi, charset }: Style): string {
  const isBare = /^[\w$]+$/.test(bytes) || (charset !== 'latin1' && /^[^`"]+$/.test(bytes)) || /^[\w\xdf]+$/.test(bytes);
  // the second byte of gbk and cp932 may be a quote; such names stand alone
  const manyBytes = /[\x81-\xfe][\x40-\x7e]/.test(bytes) && charset !== 'utf8mb4';
  if ((isBare || manyBytes) && random.chance(0.5)) return bytes;
  const quote = ansi && random.chance(0.5) ? '"' : '`';
  return quote + (manyBytes ? bytes : bytes.replaceAll(quote, quote + quote)) + quote;
}

function noise(random: Random, { charset, noEscapes, known }: Style): string {
  const letters = random.pick([...known.values()]);
  const some = [
    ' ',
    ' ',
    ' ',
    '\n',
    '\t ',
    '/**/',
    '/* x */',
    "/* ` ' */",
    '/*"*/',
    "-- '\n",
    '--\n',
    '# `"\n',
    ' /* shop.parcel */ ',
    `/* ${letters} */`,
    '/*!99999 IF */',
  ];
  const more = charset === 'latin1' ? ['\xa0'] : [];
  return random.pick([...some, ...more, noEscapes ? '/* \\ */' : "/* \\' */"]);
}

export const charsets = ['utf8mb4', 'latin1', 'gbk', 'cp932'] as const;

export async function dialectOf(runner: StatementRunner, { isMariadb, foldsNames }: Omit<Dialect, 'names'>): Promise<Dialect> {
  const names = new Map<string, ReadonlyMap<string, string>>();
  for (const charset of charsets) {
    const known = new Map<string, string>();
    for (const name of [...tables, 'other', 'parts']) {
      const bytes = await runner.encode(name, charset);
      if (bytes !== null) known.set(name, bytes);
    }
    names.set(charset, known);
  }
  return { isMariadb, foldsNames, names };
}

export interface Outcome {
  readonly ran: number;
  readonly changed: number;
  readonly passed: number;
  /** It changed a routed table, and nothing was said. */
  readonly missed: readonly Ran[];
  /** It changed none, and could not; it stops nevertheless. */
  readonly falseAlarms: readonly Ran[];
}

export async function runDrawn(
  runner: StatementRunner,
  dialect: Dialect,
  { seed, count }: { seed: number; count: number },
): Promise<Outcome> {
  const random = new Random(seed);
  const drawn = Array.from({ length: count }, () => drawStatement(random, dialect));
  for (const { statements, touched } of drawn) await runner.run(statements, touched);
  const ran = (await runner.verdicts()).slice(-count).map((one, i) => ({ ...one, ...drawn[i]! }));
  const stops = ({ concerns }: Ran): boolean => concerns.some((concern) => concern !== null);
  const changes = ({ changed }: Ran): boolean => changed.length > 0;
  return {
    ran: ran.filter(({ error }) => error === null).length,
    changed: ran.filter(changes).length,
    passed: ran.filter((one) => one.error === null && !stops(one)).length,
    // a RENAME that MariaDB refuses (a trigger would change its schema) may change a table and be in no binlog: a replica does not see it
    // either
    missed: ran.filter((one) => changes(one) && !stops(one) && (one.error === null || one.concerns.length > 0)),
    falseAlarms: ran.filter((one) => one.mustPass && stops(one)),
  };
}
