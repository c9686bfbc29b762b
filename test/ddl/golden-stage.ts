/** Plays golden files one after another through one channel between two servers of a version, and tells what came of each step. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { type DdlHold, rowsTopic } from '@lutra/model';
import type { Side, Stack } from '../harness/index.js';
import type { MysqlServer } from '../servers/index.js';
import { type Carried, DdlWay } from './ddl-way.js';
import { differencesOf, type Ends } from './definitions.js';
import { type GoldenFile, type GoldenHold, type GoldenStatement, targetSession } from './golden-file.js';
import { GoldenLines, misplaced } from './golden-lines.js';
import { type Logged, LogTail } from './log-tail.js';
import { notOnce } from './once.js';

export interface StageOptions {
  readonly from: Side;
  /** Of the version of the source, started. */
  readonly target: MysqlServer;
  /** All that will be played. */
  readonly files: readonly GoldenFile[];
}

export interface Played {
  /** By step. */
  readonly lines: readonly (readonly string[])[];
  /** What is wrong whatever the file expects: both sides at its end, and places of names. */
  readonly wrong: readonly string[];
}

const boundMs = 60_000;
const pollMs = 100;

export class GoldenStage {
  readonly #way: DdlWay;
  readonly #tail: LogTail;
  readonly #ends: Ends;
  readonly #sessions = new Map<string, Connection>();
  readonly #holds = new Map<number, DdlHold>();
  /** Holds of steps that say nothing of one. */
  readonly #unexpected: string[] = [];
  readonly #records: Extract<Logged, { kind: 'ddl' }>['record'][] = [];
  #marks = 0;
  #wanted: GoldenHold | null = null;

  private constructor(way: DdlWay, tail: LogTail, ends: Ends) {
    this.#way = way;
    this.#tail = tail;
    this.#ends = ends;
  }

  static async open(stack: Stack, { from, target, files }: StageOptions): Promise<GoldenStage> {
    const routes = files.flatMap((file) => file.routes);
    const databases = [...new Set(routes.map(({ schema, to }) => to?.schema ?? schema))];
    const way = await DdlWay.open(stack, { from, target, routes, databases });
    const [source, there] = [await open(way.way.servers[from]), await open(target)];
    return new GoldenStage(way, await LogTail.open(stack, rowsTopic(way.way.endpoints.source)), { source, target: there });
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#tail.close(), this.#way.way.close()]);
    for (const connection of [...this.#sessions.values(), ...Object.values(this.#ends)]) connection.destroy();
  }

  async play(file: GoldenFile): Promise<Played> {
    this.#endSessions();
    for (const step of file.steps) {
      for (const statement of step.statements) {
        if (statement.session === targetSession) await this.#arrived();
        await this.#run(statement);
      }
      await this.#mark(step.hold);
      if (step.hold !== null) await this.#arrived();
    }
    await this.#arrived();
    const last = this.#marks;
    const logged = await this.#tail.readUntil((record) => this.#markOf(record) === last);
    const records = logged.filter((record) => record.kind === 'ddl').map(({ record }) => record);
    this.#records.push(...records);
    const databases = [...new Set(file.routes.map(({ schema }) => schema))];
    const differences = await differencesOf(this.#ends, { routes: file.routes, databases });
    return { lines: this.#lines(file, logged), wrong: [...this.#unexpected.splice(0), ...records.flatMap(misplaced), ...differences] };
  }

  /** Of all that was played. What was answered, or was there already, ran under no witness. */
  notOnce(): Promise<readonly string[]> {
    const { way } = this.#way;
    const byHand = ({ n, answer }: Carried): boolean => n === '0' || answer?.answer === 'done' || answer?.answer === 'skip';
    return notOnce({ target: way.servers[way.to], pipeline: way.uid, records: this.#records, byHand });
  }

  #lines({ steps }: GoldenFile, logged: readonly Logged[]): readonly (readonly string[])[] {
    const lines = new GoldenLines();
    const first = this.#marks - steps.length + 1;
    const found = steps.map((): string[] => []);
    let step = 0;
    for (const record of logged) {
      const mark = this.#markOf(record);
      if (mark !== undefined) step = mark - first + 1;
      else if (record.kind === 'row') found[step]?.push(lines.row(record.event));
      else {
        found[step]?.push(lines.ddl(record.record));
        const hold = this.#holds.get(record.seq);
        if (hold) found[step]?.push(lines.hold(hold));
      }
    }
    return found;
  }

  /** Ends a step in the log: a row of the channel's own table. */
  async #mark(hold: GoldenHold | null): Promise<void> {
    this.#marks += 1;
    await this.#ends.source.query(`INSERT INTO ${this.#way.way.database}.t VALUES (${this.#marks}, 'step')`);
    this.#wanted = hold;
  }

  #markOf(record: Logged): number | undefined {
    if (record.kind !== 'row' || record.event.source.db !== this.#way.way.database) return undefined;
    return Number(record.event.after?.['id']);
  }

  /** All that was marked, at the target. Where the pipeline holds, what the last step says is done. */
  async #arrived(): Promise<void> {
    const last = this.#marks;
    const here = `SELECT id FROM ${this.#way.way.database}.t WHERE id = ${last}`;
    for (const deadline = Date.now() + boundMs; Date.now() < deadline; await sleep(pollMs)) {
      const [rows] = await this.#ends.target.query<RowDataPacket[]>(here);
      if (rows.length > 0 || last === 0) return;
      const { state, worker } = await this.#way.way.end('loader');
      if (state === 'failed') break;
      const hold = worker?.hold;
      if (state === 'held' && hold && !this.#holds.has(hold.seq)) await this.#atHold(hold, this.#wanted);
    }
    const status = JSON.stringify(await this.#way.way.status(), null, 1);
    throw new Error(`step ${last} has not arrived: ${[...this.#unexpected.splice(0), status].join('\n')}`);
  }

  async #atHold(hold: DdlHold, wanted: GoldenHold | null): Promise<void> {
    this.#holds.set(hold.seq, hold);
    if (!wanted) return this.#getPast(hold);
    for (const statement of wanted.statements) await this.#run(statement);
    if (wanted.answer !== 'met') await this.#way.answer(hold, wanted.answer);
  }

  /** The file has failed; those behind it have not. */
  async #getPast(hold: DdlHold): Promise<void> {
    this.#unexpected.push(`it holds (${hold.reason}) at ${hold.sql}: ${hold.message}`);
    const database = hold.tables[0]?.database ?? '';
    await this.#ends.target.query(`USE \`${database}\``).catch(() => undefined);
    await this.#ends.target.query(hold.sql).catch(() => undefined);
    await this.#way.answer(hold, 'done');
  }

  async #run({ session, charset, sql }: GoldenStatement): Promise<void> {
    const { servers, from, to } = this.#way.way;
    const key = `${session} ${charset}`;
    let connection = this.#sessions.get(key);
    if (!connection) this.#sessions.set(key, (connection = await open(servers[session === targetSession ? to : from], charset)));
    try {
      await connection.query(sql);
    } catch (error) {
      throw new Error(`the ${session === targetSession ? 'target' : 'source'} refuses ${sql}`, { cause: error });
    }
  }

  #endSessions(): void {
    for (const connection of this.#sessions.values()) connection.destroy();
    this.#sessions.clear();
  }
}

function open({ host, port, user, password }: MysqlServer, charset = ''): Promise<Connection> {
  const more = charset === '' ? {} : { charset };
  return createConnection({ host, port, user, password, supportBigNumbers: true, bigNumberStrings: true, dateStrings: true, ...more });
}
