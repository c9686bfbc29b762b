/**
 * Hundreds of rows are damaged behind the binlog's back on both sides, while writers of both sides change rows, damaged ones too. Each is
 * found by a verification, or decided and recorded as a conflict, or healed by a later write; no other row is reported or recorded. After a
 * repair both sides are equal, and no write was lost but those of damaged rows. LUTRA_SEEDED_ROWS, LUTRA_DAMAGED_ROWS: smaller runs.
 */
import type { RowDataPacket } from 'mysql2/promise';
import { expect, it } from 'vitest';
import { compareDatabases, type Side, sides, type Stack, startLog, withAdministrator } from '../harness/index.js';
import { seedOf } from '../scenarios/shop-stack.js';
import { damageRows, idOf } from './damage.js';
import { Expected } from './expected.js';
import { createTables, fill } from './fill.js';
import { differencesOf, repaired, verified } from './orders.js';
import { SeededLoad } from './row-writer.js';
import { settings } from './settings.js';
import { seededDatabase, seededTables } from './tables.js';
import { withStack } from './with-stack.js';

const seed = seedOf();
const rows = Math.ceil(settings.rows / 10);
/** Until repair is there, the sides stay as the verification found them. */
const repairs = process.env['LUTRA_REPAIR'] !== 'no';
const log = startLog();
const boundMs = 600_000;
let stack: Stack;

async function prepare(): Promise<void> {
  for (const side of sides)
    await withAdministrator(stack.mysql[side], async (connection) => {
      await createTables(connection);
      await fill(connection, { rows, where: 'n <= COUNT' });
    });
  await stack.createChannel({
    databases: [seededDatabase],
    conflicts: { home: stack.regions.a, rules: [{ schema: seededDatabase, policy: 'home' }] },
  });
  await stack.startChannel();
}

/** Of each conflict that was recorded, at either side: the rows that it names. A change of a key names two. */
async function recorded(): Promise<readonly (readonly string[])[]> {
  const numbers = ['before', 'after', 'existing'].map((image) => `JSON_UNQUOTE(JSON_EXTRACT(${image}_row, '$.n'))`);
  const sql = `SELECT table_name t, CONCAT_WS(',', ${numbers.join(', ')}) n FROM lutra.conflict WHERE database_name = '${seededDatabase}'`;
  const of = (side: Side): Promise<RowDataPacket[]> =>
    withAdministrator(stack.mysql[side], async (connection) => (await connection.query<RowDataPacket[]>(sql))[0]);
  const found = (await Promise.all(sides.map(of))).flat() as { readonly t: string; readonly n: string }[];
  return found.map(({ t, n }) => n.split(',').map((number) => idOf(t, Number(number))));
}

/** Rows that differ now, by the test's own comparison. */
async function differing(): Promise<ReadonlySet<string>> {
  const at = { a: stack.connection('a'), b: stack.connection('b') };
  const { differing: count } = await compareDatabases({ ...at, databases: [seededDatabase] });
  const ids: string[] = [];
  for (const { name } of seededTables) {
    const [here, there] = [await rowsAt('a', name), await rowsAt('b', name)];
    for (const n of new Set([...here.keys(), ...there.keys()])) if (here.get(n) !== there.get(n)) ids.push(idOf(name, n));
  }
  expect(ids).toHaveLength(count);
  return new Set(ids);
}

/** Number → the row as text. */
async function rowsAt(side: Side, table: string): Promise<ReadonlyMap<number, string>> {
  const rows = await withAdministrator(
    stack.mysql[side],
    async (connection) => (await connection.query<RowDataPacket[]>(`SELECT * FROM ${seededDatabase}.${table}`))[0],
  );
  return new Map(rows.map((row) => [Number(row['n']), JSON.stringify(row)]));
}

it(`${settings.damaged} damaged rows are found, recorded or healed, and no others, seed ${seed}`, { timeout: 3_600_000 }, () =>
  withStack({ mysql: '9.7', mysqlB: '8.0', log }, async (started) => {
    stack = started;
    await prepare();
    const expected = new Expected();
    const load = new SeededLoad(stack, { seed, rate: 40, rows, expected });
    const damaged = await damageRows(stack, { count: settings.damaged, rows, seed });
    log(`${damaged.length} rows are damaged; ${expected.size} were written meanwhile`);
    const first = await verified(stack, [`${seededDatabase}.*`], boundMs);
    await load.stopWriting();
    await stack.drain(boundMs);
    const differences = await differencesOf(stack, first.id);
    const found = new Set(differences.map(({ table, here, there }) => idOf(table, Number((here ?? there)?.['n']))));
    const conflicts = await recorded();
    const ids = new Set(damaged.map(({ table, n }) => idOf(table, n)));
    const left = await differing();
    const decided = new Set(conflicts.flat().filter((id) => ids.has(id)));
    const healed = [...ids].filter((id) => !found.has(id) && !decided.has(id) && !left.has(id));
    log(`found ${found.size}, recorded ${decided.size}, healed ${healed.length}; ${left.size} rows differ now`);
    expect(
      [...found].filter((id) => !ids.has(id)),
      'reported, and not damaged',
    ).toEqual([]);
    expect(
      conflicts.filter((names) => !names.some((id) => ids.has(id))),
      'recorded, and not damaged',
    ).toEqual([]);
    expect(
      [...left].filter((id) => !ids.has(id)),
      'different, and not damaged',
    ).toEqual([]);
    expect(
      [...left].filter((id) => !found.has(id)),
      'different, and not found',
    ).toEqual([]);
    expect(new Set([...found, ...decided, ...healed]).size).toBe(settings.damaged);
    for (const { table, verdict, notes } of first.tables) expect(['equal', 'different'], `${table}: ${notes.join()}`).toContain(verdict);
    if (!repairs) return;
    const again = new SeededLoad(stack, { seed: seed + 1, rate: 40, rows, expected });
    const repair = await repaired(stack, first.id, boundMs);
    log(`repaired ${repair.repaired}, changed ${repair.changed}, refused ${repair.refused}, left ${repair.left}`);
    await again.stopWriting();
    await stack.drain(boundMs);
    const second = await verified(stack, [`${seededDatabase}.*`], boundMs);
    expect(second.equal, JSON.stringify(second.tables)).toBe(true);
    expect([...(await differing())]).toEqual([]);
    const known = new Set([...ids, ...(await recorded()).flat()]);
    const problems = await expected.differences(stack, { rows, extra: () => [], free: (table, n) => known.has(idOf(table, n)) });
    expect({ count: problems.length, first: problems.slice(0, 20) }).toEqual({ count: 0, first: [] });
  }),
);
