/**
 * An operator who works by docs/10-schema-changes.md on a channel that holds at each schema change, one way or both ways, while
 * applications write wherever the page lets them.
 */
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { expect } from 'vitest';
import { compareDatabases, type Side, sides, type Stack, withAdministrator } from '../harness/index.js';
import type { DdlHold } from '@lutra/model';
import { grantDatabase } from '../harness/endpoint-setup.js';
import type { Step } from './ddl-recipes.js';
import { HeldPipeline } from './held.js';
import { openOneWay, until } from './one-way.js';
import type { OneWay } from './one-way.js';

/** Side a is MySQL 9.7, side b MySQL 8.0 with another time zone and sql_mode. */
export class Office {
  readonly stack: Stack;
  readonly connections: Readonly<Record<Side, Connection>>;

  private constructor(stack: Stack, connections: Readonly<Record<Side, Connection>>) {
    this.stack = stack;
    this.connections = connections;
  }

  static async open(stack: Stack): Promise<Office> {
    const open = (side: Side): Promise<Connection> => createConnection({ ...stack.connection(side), multipleStatements: true });
    const connections = { a: await open('a'), b: await open('b') };
    await connections.b.query("SET GLOBAL time_zone = '+08:00', GLOBAL sql_mode = ''");
    return new Office(stack, connections);
  }

  async close(): Promise<void> {
    await this.connections.b.query('SET GLOBAL time_zone = DEFAULT, GLOBAL sql_mode = DEFAULT');
    for (const side of sides) this.connections[side].destroy();
  }
}

/** A pipeline and the endpoint that it reads. */
interface Line {
  readonly from: Side;
  readonly channel: string;
  readonly pipeline: string;
  readonly endpoint: string;
}

const tables: Readonly<Record<string, string>> = {
  orders: 'CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY, note VARCHAR(50) NULL)',
  visits: 'CREATE TABLE visits (v VARCHAR(50) NULL)',
  prices: 'CREATE TABLE prices (id BIGINT NOT NULL PRIMARY KEY, note VARCHAR(50) NULL, price DOUBLE NOT NULL DEFAULT 0.125)',
};

/** One kind of channel, and how an operator works with it. */
export class Practice {
  readonly #office: Office;
  readonly lines: readonly Line[];
  readonly database: string;
  #next = 1000;
  #last: DdlHold | undefined;

  constructor(office: Office, database: string, lines: readonly Line[]) {
    this.#office = office;
    this.database = database;
    this.lines = lines;
  }

  async at(side: Side, sql: string): Promise<void> {
    await withAdministrator(this.#office.stack.mysql[side], async (connection) => {
      await connection.query(`USE ${this.database}`);
      await connection.query(sql.replaceAll('shop.', `${this.database}.`));
    });
  }

  /** What applications do that know nothing of it: a row more, and another note, on each side that takes writes. */
  async write(table: string): Promise<void> {
    if (table === 'visits') return;
    for (const { from } of this.lines) {
      const id = this.#next++ * 2 + (from === 'a' ? 1 : 0);
      await this.#office.connections[from].query(`INSERT INTO ${this.database}.${table} (id, note) VALUES (${id}, 'from ${from}');
        UPDATE ${this.database}.${table} SET note = '${id}' WHERE id % 2 = ${from === 'a' ? 1 : 0} ORDER BY id LIMIT 1`);
    }
  }

  /** "Wait until both captures have read all and both pipelines have `recordsBehind` 0." */
  async drained(lines = this.lines, read = true): Promise<void> {
    for (const line of lines) {
      const done = await until(async () => {
        if (read && !(await this.#hasRead(line))) return undefined;
        return (await this.#behind(line)) === 0 || undefined;
      });
      if (!done)
        expect(
          await this.#office.stack.api.request('GET', `/api/v1/channels/${line.channel}/pipelines/${line.pipeline}/position`),
          'nothing should be on its way',
        ).toBeNull();
    }
  }

  /** Run at the first side; the other side holds at it, and carries it out as it is shown. Nothing of it comes back. */
  async pass(sql: string, { quiet, table }: { readonly quiet: boolean; readonly table: string }): Promise<void> {
    const write = (): Promise<void> => (quiet ? Promise.resolve() : this.write(table));
    await write();
    if (quiet && this.lines.length > 1) await this.drained();
    const [first] = this.lines;
    if (!first) throw new Error('no pipeline');
    await this.at(first.from, sql);
    await write();
    const held = this.held(first);
    const hold = await held.holds('policy', this.#last);
    this.#last = hold;
    expect(hold.ways, hold.message).toContain('run');
    await write();
    await held.answer(hold, 'run');
    await write();
  }

  held({ channel, pipeline }: Line): HeldPipeline {
    return new HeldPipeline(this.#office.stack, { channel, pipeline });
  }

  async follow(steps: readonly Step[], table: string): Promise<void> {
    for (const [index, { where, quiet, sql }] of steps.entries()) {
      const silent = quiet || table === 'visits' || steps.slice(index).every((step) => step.quiet || step.where === 'one side');
      if (where === 'both sides') await this.pass(sql, { quiet: silent, table });
      else await this.at('a', sql);
      await this.drained(); // what was written before has arrived
    }
    await this.drained();
  }

  async equal(): Promise<void> {
    const at = { a: this.#office.stack.connection('a'), b: this.#office.stack.connection('b'), databases: [this.database] };
    const found = await until(async () => ((await compareDatabases(at)).differing === 0 ? true : undefined));
    if (!found) expect((await compareDatabases(at)).differences).toEqual([]);
  }

  async #status({ channel, pipeline }: Line): Promise<OneWayStatus> {
    const found = (await this.#office.stack.api.channelStatus(channel)).pipelines.find(({ name }) => name === pipeline);
    if (!found) throw new Error(`no pipeline ${pipeline}`);
    return found;
  }

  async #behind({ channel, pipeline }: Line): Promise<number | null> {
    const path = `/api/v1/channels/${channel}/pipelines/${pipeline}/position`;
    return (await this.#office.stack.api.request<{ readonly recordsBehind: number | null }>('GET', path)).recordsBehind;
  }

  async #hasRead(line: Line): Promise<boolean> {
    const read = (await this.#status(line)).position?.gtidSet;
    const [rows] = await this.#office.connections[line.from].query<RowDataPacket[]>(
      `SELECT GTID_SUBSET(@@GLOBAL.gtid_executed, '${read ?? ''}') AS done`,
    );
    return Number(rows[0]?.['done']) === 1;
  }
}

type OneWayStatus = Awaited<ReturnType<OneWay['status']>>;

async function create(office: Office, database: string, lines: readonly Line[]): Promise<Practice> {
  const practice = new Practice(office, database, lines);
  // A table that is there and empty is met by itself.
  for (const side of sides.toReversed())
    for (const table of Object.values(tables)) await office.connections[side].query(`USE ${database}; ${table}`);
  await practice.drained();
  await practice.at('a', "INSERT INTO orders VALUES (1, 'a'), (2, 'b'), (3, NULL), (4, 'd')");
  await practice.at('a', "INSERT INTO visits VALUES ('x'), ('y'), ('y'), (NULL)");
  await practice.at('a', "INSERT INTO prices VALUES (1, 'a', 1.005), (2, 'b', 0.1), (3, NULL, 2.675), (4, 'd', 12.5)");
  await practice.equal();
  return practice;
}

export const ways = {
  'one way': async (office: Office): Promise<Practice> => {
    const way = await openOneWay(office.stack);
    await grantDatabase(office.stack.mysql.b, way.database, { ddl: true });
    return create(office, way.database, [{ from: 'a', channel: way.name, pipeline: 'rows', endpoint: way.endpoints.source }]);
  },
  'both ways, policy home': async (office: Office): Promise<Practice> => {
    const database = 'twoway';
    for (const side of sides) await office.connections[side].query(`CREATE DATABASE ${database}`);
    const rule = { schema: database, policy: 'home' } as const;
    await office.stack.createChannel({
      databases: [database],
      conflicts: { home: office.stack.regions.a, rules: [{ ...rule, table: 'visits', policy: 'stop' }, rule] },
    });
    for (const side of sides) await grantDatabase(office.stack.mysql[side], database, { ddl: true });
    await office.stack.startChannel();
    const { pipelines } = await office.stack.api.request<{
      readonly pipelines: readonly { readonly name: string; readonly source: string }[];
    }>('GET', `/api/v1/channels/${office.stack.channel}`);
    const lines = sides.flatMap((from) => {
      const endpoint = office.stack.endpoints[from];
      return pipelines
        .filter(({ source }) => source === endpoint)
        .map(({ name }) => ({ from, channel: office.stack.channel, pipeline: name, endpoint }));
    });
    return create(office, database, lines);
  },
};
