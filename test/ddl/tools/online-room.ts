/**
 * A database that both sides write, with a channel both ways, and tables that are changed online. Side a is home. Each test has a table of
 * its own, so that one channel does for all.
 */
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import type { DdlAnswer, DdlHold, DdlHoldReason } from '@lutra/model';
import { until } from '../../accidents/one-way.js';
import { otherSide, type PipelineStatus, type Side, sides, type Stack, withAdministrator } from '../../harness/index.js';
import { grantSchemaChanges } from '../ddl-way.js';
import { Application, type Rows, wrongRows } from './application.js';
import type { OnlineChange } from './online-tool.js';
import { shapeOf } from './shape.js';

export const onlineDatabase = 'ddl_online';
/** That are on both sides before anything runs. */
const firstRows: Rows = new Map(Array.from({ length: 300 }, (_, i) => [i + 1, i * 3]));
const boundMs = 60_000;

export class OnlineRoom {
  readonly #stack: Stack;

  private constructor(stack: Stack) {
    this.#stack = stack;
  }

  /** The tables, alike on both sides: id, v and w. There is no channel yet. */
  static async prepare(stack: Stack, tables: readonly string[]): Promise<OnlineRoom> {
    const room = new OnlineRoom(stack);
    for (const side of sides) {
      await withAdministrator(stack.mysql[side], (connection) => connection.query(`CREATE DATABASE ${onlineDatabase}`));
      for (const table of tables) {
        await room.at(side, `CREATE TABLE ${table} (id BIGINT NOT NULL PRIMARY KEY, v INT, w INT NULL DEFAULT 7)`);
        await room.at(side, `INSERT INTO ${table} (id, v) VALUES ${[...firstRows].map(([id, v]) => `(${id}, ${v})`).join()}`);
      }
      await grantSchemaChanges(stack.mysql[side], [onlineDatabase]);
    }
    return room;
  }

  async connect(): Promise<void> {
    const conflicts = { home: this.#stack.regions.a, rules: [{ schema: onlineDatabase, policy: 'home' as const }] };
    await this.#stack.createChannel({ databases: [onlineDatabase], conflicts });
    await this.#stack.startChannel();
  }

  /** Statements of a person. */
  async at(side: Side, sql: string): Promise<void> {
    await withAdministrator(this.#stack.mysql[side], async (connection) => {
      await connection.query(`USE ${onlineDatabase}`);
      await connection.query(sql);
    });
  }

  /** Of a tool at a side. */
  change(side: Side, table: string, alter: string): OnlineChange {
    return { server: this.#stack.mysql[side], database: onlineDatabase, table, alter };
  }

  application(side: Side, table: string): Application {
    return new Application({ side, connection: this.#stack.connection(side), database: onlineDatabase, table });
  }

  /** Waits until the pipeline that writes there holds. @throws with what is so instead, after the bound */
  async holdAt(to: Side, reason: DdlHoldReason, statement?: string): Promise<DdlHold> {
    const found = await until(async () => {
      const { target } = await this.#pipelineTo(to);
      const hold = target.state === 'held' ? target.worker?.hold : undefined;
      return hold?.reason === reason && (statement ?? hold.statement) === hold.statement ? hold : undefined;
    }, boundMs);
    if (!found) throw new Error(`the pipeline to ${to} should hold (${reason}): ${await this.#held()}\n${await this.#stack.report()}`);
    return found;
  }

  /** The loader that holds may be starting again. */
  async answer(to: Side, { log, seq }: Pick<DdlHold, 'log' | 'seq'>, answer: DdlAnswer): Promise<void> {
    const { name } = await this.#pipelineTo(to);
    const path = `/api/v1/channels/${this.#stack.channel}/pipelines/${name}/ddl`;
    let said: unknown;
    const taken = await until(async () => {
      try {
        return await this.#stack.api.request('POST', path, { log, seq, answer, by: 'a test', reason: 'a test' });
      } catch (error) {
        said = error;
        return undefined;
      }
    }, boundMs);
    if (!taken) throw new Error(`${answer} at ${seq} is not taken`, { cause: said });
  }

  /** All that was committed on either side has arrived at the other one. @throws if a pipeline holds or has ended instead */
  async settle(): Promise<void> {
    await this.#stack.drain(boundMs).catch(async (cause: unknown) => {
      throw new Error(`not all has arrived: ${await this.#held()}`, { cause });
    });
  }

  /** What both sides have of the table, against each other and against what was committed, in words. Nobody writes to it. */
  async wrong(table: string, applications: readonly Application[] = []): Promise<readonly string[]> {
    const [a, b] = [await this.#read('a', table), await this.#read('b', table)];
    const wanted = [firstRows, ...applications.map(({ rows }) => rows)];
    const apart = a.all.find((row, index) => row !== b.all[index]) ?? b.all[a.all.length];
    return [
      ...wrongRows('a', a.rows, wanted),
      ...wrongRows('b', b.rows, wanted),
      ...(a.shape === b.shape ? [] : [`a has\n${a.shape}\nand b\n${b.shape}`]),
      ...(apart === undefined ? [] : [`the rows differ, first at ${apart}`]),
    ];
  }

  /** Names of the tables there that begin so, or so behind underscores. */
  async tables(side: Side, begin: string): Promise<readonly string[]> {
    return withAdministrator(this.#stack.mysql[side], async (connection) => {
      const [rows] = await connection.query<RowDataPacket[]>(
        'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ? ORDER BY 1',
        [onlineDatabase],
      );
      return rows.map(({ name }) => String(name)).filter((name) => name.replace(/^_+/, '').startsWith(begin));
    });
  }

  async #read(side: Side, table: string): Promise<{ rows: Rows; all: readonly string[]; shape: string }> {
    const connection = await createConnection({ ...this.#stack.connection(side), database: onlineDatabase });
    try {
      const [found] = await connection.query<RowDataPacket[]>('SELECT * FROM ?? ORDER BY id', [table]);
      const rows = new Map(found.map(({ id, v }) => [Number(id), v === null ? null : Number(v)]));
      const all = found.map((row) => JSON.stringify(Object.entries(row).toSorted(([one], [other]) => (one < other ? -1 : 1))));
      return { rows, all, shape: await shapeOf(connection, { database: onlineDatabase, name: table }) };
    } finally {
      connection.destroy();
    }
  }

  async #pipelineTo(to: Side): Promise<PipelineStatus> {
    const { pipelines } = await this.#stack.api.channelStatus(this.#stack.channel);
    const found = pipelines.find(({ target }) => target.endpoint === this.#stack.endpoints[to]);
    if (!found) throw new Error(`no pipeline to ${to}`);
    return found;
  }

  async #held(): Promise<string> {
    const holds = sides.map(async (side) => {
      const { target } = await this.#pipelineTo(side);
      const hold = target.worker?.hold;
      return `the pipeline from ${otherSide(side)} to ${side} ${hold ? `holds (${hold.reason}): ${hold.sql}: ${hold.message}` : `is ${target.state}`}`;
    });
    return (await Promise.all(holds)).join('; ');
  }
}
