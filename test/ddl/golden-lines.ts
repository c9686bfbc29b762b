/**
 * Records of the log and holds of a pipeline as lines of a golden file. What differs from run to run has a number in the order in which it
 * appears in the file: GTIDs are g1, g2, …, times of today t1, t2, ….
 */
import { type DdlClause, type DdlHold, type DdlRecord, jsonRow, type RowEvent, type TableName } from '@lutra/model';

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const gtid = new RegExp(`${uuid}:\\d+`, 'gi');
const time = /\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?/g;
const dayMs = 24 * 3600 * 1000;

export class GoldenLines {
  readonly #now: () => number;
  readonly #ids = new Map<string, string>();
  readonly #times = new Map<string, string>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  ddl(record: DdlRecord): string {
    const tables = record.tables.map((table) => `${nameOf(table)}=${table.role}`);
    const clauses = record.clauses === null ? '' : ` | ${record.clauses.map(clauseText).join(', ')}`;
    const doubt = record.doubt === null ? '' : ` | doubt: ${record.doubt}`;
    return this.#numbered([`ddl ${record.statement}`, ...tables].join(' ') + clauses + doubt);
  }

  row({ op, before, after, source }: RowEvent): string {
    const row = after ?? before ?? {};
    return this.#numbered(`row ${op} ${nameOf({ database: source.db, name: source.table })} ${JSON.stringify(jsonRow(row))}`);
  }

  hold({ reason, tables }: Pick<DdlHold, 'reason' | 'tables'>): string {
    return ['hold', reason, ...tables.map(nameOf)].join(' ');
  }

  #numbered(text: string): string {
    const today = (found: string): boolean => Math.abs(Date.parse(`${found.replace(' ', 'T')}Z`) - this.#now()) < dayMs;
    return text
      .replaceAll(gtid, (found) => numbered(this.#ids, found, 'g'))
      .replaceAll(time, (found) => (today(found) ? numbered(this.#times, found, 't') : found));
  }
}

/**
 * Names in the record whose place in the text is not where they stand: what is spliced in there at a target would destroy the statement. In
 * words.
 */
export function misplaced({ sql, tables }: DdlRecord): readonly string[] {
  return tables
    .filter(({ role, database, name, offset, length }) => {
      if (role === 'mentioned') return offset !== -1 || length !== 0;
      const there = sql.slice(offset, offset + length);
      const isWhole = there === there.trim() && ['`', '"'].every((quote) => there.split(quote).length % 2 === 1);
      return !isWhole || ![name, `${database}.${name}`, ...(role === 'database' ? [database] : [])].map(bare).includes(bare(there));
    })
    .map((table) => `${nameOf(table)}=${table.role} is not at ${table.offset}, ${table.length} of ${JSON.stringify(sql)}`);
}

/** Without quotes, comments and white space: enough for names that hold none of them. */
function bare(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/[`"\s]/g, '')
    .toLowerCase();
}

function numbered(known: Map<string, string>, found: string, letter: string): string {
  let name = known.get(found);
  if (name === undefined) known.set(found, (name = `${letter}${known.size + 1}`));
  return name;
}

function clauseText({ action, what, name }: DdlClause): string {
  return `${action} ${what} ${word(name)}`;
}

function nameOf({ database, name }: TableName): string {
  return `${word(database)}.${word(name)}`;
}

function word(name: string): string {
  return name === '*' || /^[\p{L}\p{N}_$]+$/u.test(name) ? name : JSON.stringify(name);
}
