/** For the tests of schema changes: a real target, its loaders one after the other, and what its binlog says that ran. */
import { createRouter } from '@lutra/model';
import type { DdlActivity, DdlRecord, PipelineUid, Route } from '@lutra/model';
import { ApplyConnection, loadForApply, takeOver } from '@lutra/mysql';
import { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import { uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import type { TargetPort } from '../io.js';
import { isRefusal } from './carry-out.js';
import type { DdlAt, DdlRefusal } from './carry-out.js';
import { ddlRecord } from './ddl-record.fixture.js';
import type { Made, Place } from './ddl-record.fixture.js';
import { ServerDdlTarget } from './ddl-target.js';
import type { ServerDdlTargetOptions } from './ddl-target.js';

/** Called around each text of a marked transaction; what it throws is the end of the loader. */
export type Around = (when: 'before' | 'behind', sql: string) => void | Promise<void>;

export interface LoaderOptions extends Partial<Pick<ServerDdlTargetOptions, 'bothWays' | 'others' | 'timing' | 'target' | 'routes'>> {
  readonly around?: Around;
  readonly maxSeconds?: number;
}

/** A loader as it is from its take-over on. */
export class RoomLoader {
  readonly #ended = new AbortController();
  readonly activities: DdlActivity[] = [];
  readonly target: ServerDdlTarget;

  constructor(options: Omit<ServerDdlTargetOptions, 'signal' | 'during' | 'maxSeconds' | 'onActivity'>, maxSeconds?: number) {
    this.target = new ServerDdlTarget({
      ...options,
      signal: this.#ended.signal,
      during: (_, work) => work(),
      maxSeconds: () => maxSeconds,
      onActivity: (activity) => activity && this.activities.push(activity),
    });
  }

  /** Its connections are cut; what runs at the server goes on. */
  kill(): void {
    this.#ended.abort();
  }

  /** As the stage does it where a pipeline's policy is apply, without what is met. */
  async apply(record: DdlRecord, seq: number, own: DdlAt['own'] = null): Promise<DdlRefusal | 'passed' | 'open' | 'kept' | null> {
    const state = await this.target.look(record);
    if (state === 'open') return state;
    if (state !== 'new') return 'passed';
    const plan = await this.target.plan(record);
    if (plan === 'nothing') return 'passed';
    if (plan === 'shadows') {
      await this.target.conclude(record, 'shadow', positioned(seq));
      return 'kept';
    }
    return isRefusal(plan) ? plan : this.target.run(record, plan, { ...positioned(seq), own });
  }
}

export function positioned(seq: number): DdlAt {
  return { position: { log: 'log-a', logEpoch: 1, seq, nextOffset: seq + 1 }, decision: null };
}

let pipelines = 0;

export class DdlRoom {
  readonly pipeline: PipelineUid;
  readonly routes: readonly Route[];
  #began = false;

  private constructor(
    readonly server: TestServer,
    readonly database: string,
    /** Where the target's binlog ended when the room was made. */
    private readonly logged: { readonly log: string; readonly pos: number },
  ) {
    this.pipeline = uidOf(`ddl${++pipelines}.p`);
    this.routes = [{ schema: database, table: '*' }];
  }

  static async of(server: TestServer): Promise<DdlRoom> {
    const last = (await server.query('SHOW BINARY LOGS')).at(-1);
    return new DdlRoom(server, await server.database(), { log: String(last?.['Log_name']), pos: Number(last?.['File_size']) });
  }

  record(sql: string, places: readonly Place[], more: Made = {}): DdlRecord {
    return ddlRecord(sql, places, { database: this.database, ...more });
  }

  /** It takes the pipeline over from the one before. */
  async loader({ around, maxSeconds, ...more }: LoaderOptions = {}): Promise<RoomLoader> {
    const options = { pipeline: this.pipeline, part: 0, lease: 1, mayCreate: !this.#began };
    const { checkpoint } = await takeOver(this.server.options, options);
    this.#began = true;
    const target = this.server.options;
    const { routes = this.routes } = more;
    const port = { connect: connectAround(around), loadTable: loadForApply };
    return new RoomLoader(
      { target, port, checkpoint, router: createRouter(routes), bothWays: false, others: () => [], ...more, routes },
      maxSeconds,
    );
  }

  async rows(): Promise<readonly (readonly [state: unknown, n: unknown])[]> {
    const rows = await this.server.query(`SELECT state, n FROM lutra.ddl WHERE pipeline = '${this.pipeline}' ORDER BY record`);
    return rows.map(({ state, n }) => [state, Number(n)]);
  }

  /** Whose each statement is, as the target's capture learns it: the row of its witness. */
  async owners(): Promise<readonly string[]> {
    const rows = await this.server.query(`SELECT origin, path FROM lutra.ddl WHERE pipeline = '${this.pipeline}' ORDER BY record`);
    return rows.map(({ origin, path }) => `${String(origin)}: ${String(path)}`);
  }

  async seq(): Promise<number> {
    return Number((await this.server.query(`SELECT seq FROM lutra.checkpoint WHERE pipeline = '${this.pipeline}'`))[0]?.['seq']);
  }

  async columns(table: string): Promise<string> {
    const where = `TABLE_SCHEMA = '${this.database}' AND TABLE_NAME = '${table}'`;
    const rows = await this.server.query(
      `SELECT COLUMN_NAME AS c FROM information_schema.COLUMNS WHERE ${where} ORDER BY ORDINAL_POSITION`,
    );
    return rows.map(({ c }) => String(c)).join();
  }

  async tables(): Promise<string> {
    const rows = await this.server.query(
      `SELECT TABLE_NAME AS t FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${this.database}' ORDER BY 1`,
    );
    return rows.map(({ t }) => String(t)).join();
  }

  /** How often the target's binlog has such a statement on the room's tables. */
  async ran(text: RegExp): Promise<number> {
    let found = 0;
    for (const { Log_name: name } of await this.server.query('SHOW BINARY LOGS')) {
      const log = String(name);
      if (log < this.logged.log) continue;
      const from = log === this.logged.log ? ` FROM ${this.logged.pos}` : '';
      const events = await this.server.query(`SHOW BINLOG EVENTS IN '${log}'${from}`);
      found += events.filter(
        ({ Event_type: type, Info: info }) => type === 'Query' && String(info).includes(`\`${this.database}\`.`) && text.test(String(info)),
      ).length;
    }
    return found;
  }
}

function connectAround(around: Around | undefined): TargetPort['connect'] {
  return async (options, tables) => {
    const connection = await ApplyConnection.open(options, tables);
    if (!around) return connection;
    const within = async <T>(sql: string, work: () => Promise<T>): Promise<T> => {
      await around('before', sql);
      const result = await work();
      await around('behind', sql);
      return result;
    };
    const run: ApplyConnection['run'] = (text) => within(text.sql, () => connection.run(text));
    const commit: ApplyConnection['commit'] = () => within('COMMIT', () => connection.commit());
    return new Proxy(connection, {
      get: (of, key) => {
        if (key === 'run') return run;
        if (key === 'commit') return commit;
        const value: unknown = Reflect.get(of, key, of);
        return typeof value === 'function' ? (value as () => unknown).bind(of) : value;
      },
    });
  };
}
