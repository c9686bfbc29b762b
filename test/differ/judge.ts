/**
 * Judges a round when all is quiet: rows by full scan, what indexes say, definitions, CHECK TABLE. Only where the oracle is equal to the
 * source is anything said.
 */
import type { RowDataPacket } from 'mysql2/promise';
import { compareDatabases, type Difference, type Side } from '../harness/index.js';
import type { Field } from './field.js';
import { indexTexts } from './indexes.js';
import { quoted } from './table.js';

export interface Judgement {
  readonly tables: number;
  readonly rows: number;
  readonly findings: readonly Finding[];
  /** Tables in which the replica differs from the source, too: nothing can be asked there. */
  readonly unasked: readonly string[];
}

export interface Finding {
  readonly table: string;
  readonly what: string;
}

type Where = Side | 'replica';

/** One way: the replica is the oracle. */
export async function judgeOneWay(field: Field, database: string, tables: readonly string[]): Promise<Judgement> {
  const databases = [database];
  const target = await compareDatabases({ a: field.stack.connection('a'), b: field.stack.connection('b'), databases, most: 4 });
  const replica = await compareDatabases({ a: field.stack.connection('a'), b: field.replica.at, databases, most: 1 });
  const [findings, unasked] = [[] as Finding[], new Set(replica.differences.map(({ table }) => nameIn(table)))];
  for (const difference of target.differences) {
    const table = nameIn(difference.table);
    if (tables.includes(table) && !unasked.has(table)) findings.push({ table, what: `rows: ${text(difference)}` });
  }
  for (const table of tables.filter((name) => !unasked.has(name))) {
    for (const what of await beside(field, database, table)) findings.push({ table, what });
  }
  return { tables: tables.length, rows: target.rows, findings: byTable(findings), unasked: [...unasked] };
}

/** Both ways: both sides must be equal. */
export async function judgeBothWays(field: Field, database: string): Promise<Judgement> {
  const { tables, rows, differences } = await compareDatabases({
    a: field.stack.connection('a'),
    b: field.stack.connection('b'),
    databases: [database],
    most: 4,
  });
  const findings = differences.map((difference) => ({ table: nameIn(difference.table), what: `rows: ${text(difference)}` }));
  return { tables, rows, findings: byTable(findings), unasked: [] };
}

/** One for each table. */
function byTable(findings: readonly Finding[]): Finding[] {
  return [...Map.groupBy(findings, ({ table }) => table)].map(([table, all]) => ({
    table,
    what: all.map(({ what }) => what).join('\n  '),
  }));
}

/** What a scan does not show. */
async function beside(field: Field, database: string, table: string): Promise<string[]> {
  const found: string[] = [];
  const facts = async (where: Where): Promise<ReadonlyMap<string, string>> => {
    const connection = await field.at(where);
    const indexes = await indexTexts(connection, database, table);
    const [[shown]] = await connection.query<RowDataPacket[]>(`SHOW CREATE TABLE ${quoted(database)}.${quoted(table)}`);
    const [checked] = await connection.query<RowDataPacket[]>(`CHECK TABLE ${quoted(database)}.${quoted(table)} EXTENDED`);
    const definition = String(shown?.['Create Table']).replace(/ AUTO_INCREMENT=\d+/, '');
    const state = checked.map((row) => `${row['Msg_type']}: ${row['Msg_text']}`).join('; ');
    return new Map([
      ...[...indexes].map(([name, text]) => [`index ${name}`, text] as const),
      ['definition', definition],
      ['CHECK TABLE', state],
    ]);
  };
  const [source, replica, target] = [await facts('a'), await facts('replica'), await facts('b')];
  for (const name of new Set([...source.keys(), ...target.keys()])) {
    const [wanted, there] = [source.get(name), target.get(name)];
    if (wanted === replica.get(name) && wanted !== there)
      found.push(`${name}: ${wanted} at the source and at the replica, ${there} at the target`);
  }
  return found;
}

function nameIn(table: string): string {
  return table.slice(table.indexOf('.') + 1);
}

function text({ kind, key, columns }: Difference): string {
  return `${kind} ${key.slice(0, 60)} ${columns.join(', ')}`.trim().replace('on b', 'at the target').replace('on a', 'at the source');
}
