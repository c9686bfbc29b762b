/** A one-way channel (test/accidents/one-way.ts) whose loader may carry out schema changes, and an operator who answers where it holds. */
import type { RowDataPacket } from 'mysql2/promise';
import type { z } from 'zod';
import type { ChannelDocument, DdlAnswer, DdlHold, DdlHoldReason, DdlSettings, routeSchema } from '@lutra/model';
import { openOneWay, type OneWay, until } from '../accidents/one-way.js';
import { ApiError, lutraUser, prepareEndpoint, type Side, type Stack, withAdministrator } from '../harness/index.js';
import type { MysqlServer } from '../servers/index.js';

export interface DdlWayOptions {
  readonly from?: Side;
  /** Of its own, started. */
  readonly target?: MysqlServer;
  /** Beside that of its own database. */
  readonly routes?: readonly z.input<typeof routeSchema>[];
  /** Instead of one for the whole of its own database. */
  readonly only?: (database: string) => readonly z.input<typeof routeSchema>[];
  /** Done before it is started. */
  readonly before?: (way: OneWay) => Promise<unknown>;
  /** Names at the target that the loader may write and change, beside its own database. */
  readonly databases?: readonly string[];
  readonly ddl?: DdlSettings;
}

/** A row of lutra.ddl. */
export interface Carried {
  readonly record: string;
  readonly part: number;
  readonly incarnation: string;
  readonly n: string;
  readonly state: string;
  readonly statement: string;
  readonly answer: { readonly answer: string; readonly by: string; readonly reason: string } | null;
}

export interface DdlView {
  readonly settings: Required<Pick<DdlSettings, 'default' | 'drop' | 'truncate'>>;
  readonly hold: DdlHold | null;
  readonly recent: readonly object[];
  readonly waiting: readonly { readonly source: string }[];
}

const grants = 'CREATE, ALTER, DROP, INDEX, REFERENCES';

export class DdlWay {
  readonly way: OneWay;
  readonly #stack: Stack;

  constructor(stack: Stack, way: OneWay) {
    this.#stack = stack;
    this.way = way;
  }

  static async open(stack: Stack, options: DdlWayOptions = {}): Promise<DdlWay> {
    const { from, target, routes = [], only, before, databases = [], ddl } = options;
    if (target) await prepareEndpoint(target);
    const way = await openOneWay(stack, { start: false, ...(from && { from }), ...(target && { servers: { target } }) });
    const sources = routes.map(({ schema }) => schema);
    await withAdministrator(way.servers[way.from], async (connection) => {
      for (const name of sources) await connection.query(`GRANT SELECT, TRIGGER ON ??.* TO '${lutraUser}'@'%'`, [name]);
    });
    await grantSchemaChanges(way.servers[way.to], [way.database, ...databases]);
    const opened = new DdlWay(stack, way);
    const own = only?.(way.database);
    await opened.#changePipeline((pipeline) => ({ ...pipeline, routes: [...(own ?? pipeline.routes), ...routes], ddl }));
    await before?.(way);
    await way.start();
    await way.runs();
    return opened;
  }

  async configure(ddl: DdlSettings): Promise<void> {
    await this.#changePipeline((pipeline) => ({ ...pipeline, ddl }));
  }

  view(): Promise<DdlView> {
    return this.#stack.api.request('GET', this.#path);
  }

  async hold(): Promise<DdlHold | undefined> {
    return (await this.way.end('loader')).worker?.hold;
  }

  /** Waits until the loader holds for this reason. @throws with the status if it does not */
  async holds(reason: DdlHoldReason): Promise<DdlHold> {
    const held = await until(async () => {
      const { state, worker } = await this.way.end('loader');
      return state === 'held' && worker?.hold?.reason === reason ? worker.hold : undefined;
    });
    if (!held) throw new Error(`the pipeline should hold (${reason}): ${JSON.stringify(await this.way.status(), null, 1)}`);
    return held;
  }

  /** Waits until it runs and holds no more. */
  async goesOn(): Promise<void> {
    const on = await until(async () => {
      const { state, worker } = await this.way.end('loader');
      return (state === 'running' && worker?.hold === undefined && worker?.lastError === null) || undefined;
    });
    if (!on) throw new Error(`the pipeline should go on: ${JSON.stringify(await this.way.status(), null, 1)}`);
  }

  answer({ log, seq }: Pick<DdlHold, 'log' | 'seq'>, answer: DdlAnswer, reason = 'a test'): Promise<object> {
    return this.#stack.api.request('POST', this.#path, { log, seq, answer, by: 'a test', reason });
  }

  /** An answer that control refuses. */
  async refused(place: Pick<DdlHold, 'log' | 'seq'>, answer: DdlAnswer): Promise<ApiError> {
    const error: unknown = await this.answer(place, answer).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error instanceof ApiError) return error;
    throw new Error(`${answer} at ${place.seq} should be refused`, { cause: error });
  }

  /** Waits until a table that a statement makes there is as it is here. */
  async arrives(table: string): Promise<void> {
    await until(async () => ((await this.definitions(table))[1] === 'none' ? undefined : true));
    await this.way.arrives(table);
  }

  /** What its loader has written down, in the order in which it began. */
  async carried(): Promise<readonly Carried[]> {
    return carriedBy(this.way.servers[this.way.to], this.way.uid);
  }

  /** What is defined here, and at the target. */
  async definitions(table: string): Promise<readonly [source: string, target: string]> {
    const printed = ([row]: readonly RowDataPacket[]): string => String(row?.['Create Table'] ?? 'none');
    const show = `SHOW CREATE TABLE ${table}`;
    const absent = (): string => 'none';
    return [await this.way.atSource(show).then(printed, absent), await this.way.atTarget(show).then(printed, absent)];
  }

  get #path(): string {
    return `/api/v1/channels/${this.way.name}/pipelines/rows/ddl`;
  }

  async #changePipeline(change: (pipeline: ChannelDocument['pipelines'][number]) => object): Promise<void> {
    const { pipelines } = await this.#stack.api.request<ChannelDocument>('GET', `/api/v1/channels/${this.way.name}`);
    await this.way.change(`channels/${this.way.name}`, { pipelines: pipelines.map(change) });
  }
}

/** As docs/10-schema-changes.md says. */
export async function grantSchemaChanges(server: MysqlServer, databases: readonly string[]): Promise<void> {
  await withAdministrator(server, async (connection) => {
    for (const database of databases)
      await connection.query(`GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER, ${grants} ON ??.* TO '${lutraUser}'@'%'`, [database]);
    await connection.query(`GRANT SESSION_VARIABLES_ADMIN, PROCESS ON *.* TO '${lutraUser}'@'%'`);
  });
}

export async function carriedBy(server: MysqlServer, uid: string): Promise<readonly Carried[]> {
  return withAdministrator(server, async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT * FROM lutra.ddl WHERE pipeline = ? ORDER BY begun_at, seq, part', [
      uid,
    ]);
    return rows.map((row) => ({
      record: String(row['record']).replace(/@\d+$/, ''),
      part: Number(row['part']),
      incarnation: String(row['incarnation']),
      n: String(row['n']),
      state: String(row['state']),
      statement: String(row['statement']),
      answer: row['answer'] === null ? null : (JSON.parse(String(row['answer'])) as Carried['answer']),
    }));
  });
}
