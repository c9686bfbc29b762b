/**
 * Two sides that both take writes and change the same tables; a is at home. What home runs is carried out on the other side, or holds
 * there; what the other side runs holds at home, where it is answered, or done by hand.
 */
import { createConnection } from 'mysql2/promise';
import { type ChannelDocument, type DdlAnswer, type DdlHold, type DdlRecord, type DdlSettings, routeSchema, rowsTopic } from '@lutra/model';
import { until } from '../accidents/one-way.js';
import { otherSide, type PipelineStatus, type Random, type Side, sides, type Stack, withAdministrator } from '../harness/index.js';
import { grantSchemaChanges } from './ddl-way.js';
import { differencesOf } from './definitions.js';
import { LogTail } from './log-tail.js';
import { notOnce } from './once.js';

export const bothDatabase = 'ddl_both';

export interface Changed {
  readonly from: Side;
  readonly sql: string;
  /** by name: each side shows when it is done · quiet: nobody may write meanwhile, and the other side holds at home's, too */
  readonly kind: 'by name' | 'compatible' | 'quiet';
}

interface Place {
  readonly log: string;
  readonly seq: number;
}

const boundMs = 60_000;

export class BothWays {
  /** Statements of each side's own. */
  readonly ran: Record<Side, number> = { a: 0, b: 0 };
  /** What was last met there. A record that comes later has a greater seq. */
  readonly #heldAt: Record<Side, number> = { a: -1, b: -1 };
  readonly #stack: Stack;

  constructor(stack: Stack) {
    this.#stack = stack;
  }

  static async open(stack: Stack, ddl?: DdlSettings): Promise<BothWays> {
    const both = new BothWays(stack);
    for (const side of sides) {
      await withAdministrator(stack.mysql[side], async (connection) => {
        await connection.query(
          `CREATE DATABASE ${bothDatabase}; USE ${bothDatabase}; CREATE TABLE items (id BIGINT NOT NULL PRIMARY KEY, v INT, t VARCHAR(20), n INT NOT NULL DEFAULT 0)`,
        );
      });
      await grantSchemaChanges(stack.mysql[side], [bothDatabase]);
    }
    const conflicts = { home: stack.regions.a, rules: [{ schema: bothDatabase, policy: 'home' as const }] };
    await stack.createChannel({ databases: [bothDatabase], conflicts, ...(ddl && { ddl }) });
    await stack.startChannel();
    return both;
  }

  /** A statement of one side, until the other has it, or home's is on its way. `disturb` is done while the pipeline holds, or runs it. */
  async change({ from, sql, kind }: Changed, way: 'run' | 'by hand', disturb: () => Promise<void>): Promise<void> {
    await this.own(from, sql);
    if (from === 'a' && kind !== 'quiet') return disturb();
    const to = otherSide(from);
    const hold = await this.holdAt(to);
    await disturb();
    // What is done there by hand is a statement of that side's own, and is met on this one.
    if (way === 'by hand') await this.own(to, sql);
    else await this.answer(to, hold, way);
    await this.concluded(to, hold);
    await this.goesOn();
  }

  /** In words. */
  async wrong(): Promise<readonly string[]> {
    const [source, target] = [await createConnection(this.#stack.connection('a')), await createConnection(this.#stack.connection('b'))];
    const routes = [routeSchema.parse({ schema: bothDatabase })];
    const differences = await differencesOf({ source, target }, { routes, databases: [bothDatabase] });
    source.destroy();
    target.destroy();
    return [...differences, ...(await this.wrongLogs())];
  }

  /** Of both logs: what is there, and that each ran once on the other side. */
  async wrongLogs(): Promise<readonly string[]> {
    return (await Promise.all(sides.map((side) => this.#wrongIn(side)))).flat();
  }

  async #wrongIn(from: Side): Promise<readonly string[]> {
    const tail = await LogTail.open(this.#stack, rowsTopic(this.#stack.endpoints[from]));
    const logged = await tail.readOn().finally(() => tail.close());
    const to = otherSide(from);
    // What was run at home for the other side has that in its path, and is passed there.
    const isBack = ({ path }: DdlRecord): boolean => path.includes(this.#stack.regions[to]);
    const records = logged.filter((one) => one.kind === 'ddl').flatMap(({ record }) => (isBack(record) ? [] : record));
    const ids = new Set(records.map(({ id }) => id)).size;
    const round = ids === this.ran[from] ? [] : [`${ids} schema changes are in the log of ${from}, which ran ${this.ran[from]} of its own`];
    const { pipelines } = await this.#stack.api.request<ChannelDocument>('GET', `/api/v1/channels/${this.#stack.channel}`);
    const pipeline = pipelines.find(({ source }) => source === this.#stack.endpoints[from])?.uid ?? '';
    const byHand = ({ n }: { readonly n: string }): boolean => n === '0';
    return [...round, ...(await notOnce({ target: this.#stack.mysql[to], pipeline, records, byHand }))];
  }

  async own(side: Side, sql: string): Promise<void> {
    await this.at(side, sql);
    this.ran[side] += 1;
  }

  async at(side: Side, sql: string): Promise<void> {
    await withAdministrator(this.#stack.mysql[side], async (connection) => {
      await connection.query(`USE ${bothDatabase}`);
      await connection.query(sql);
    });
  }

  /** Of the pipeline that writes there. */
  async #pipelineTo(to: Side): Promise<PipelineStatus> {
    const { pipelines } = await this.#stack.api.channelStatus(this.#stack.channel);
    const found = pipelines.find(({ target }) => target.endpoint === this.#stack.endpoints[to]);
    if (!found) throw new Error(`no pipeline to ${to}`);
    return found;
  }

  async holdAt(to: Side): Promise<DdlHold> {
    const hold = await until(async () => {
      const { target } = await this.#pipelineTo(to).catch(() => ({ target: undefined }));
      const held = target?.state === 'held' ? target.worker?.hold : undefined;
      // A status may be that of before the last answer.
      return held && held.seq > this.#heldAt[to] ? held : undefined;
    }, boundMs);
    if (hold) this.#heldAt[to] = hold.seq;
    if (!hold) throw new Error(`the pipeline to ${to} should hold: ${await this.#stack.report()}`);
    return hold;
  }

  /** The loader that holds may be starting again. */
  async answer(to: Side, { log, seq }: Place, answer: DdlAnswer): Promise<void> {
    const { name } = await this.#pipelineTo(to);
    const path = `/api/v1/channels/${this.#stack.channel}/pipelines/${name}/ddl`;
    let said = '';
    const taken = await until(async () => {
      try {
        await this.#stack.api.request('POST', path, { log, seq, answer, by: 'a script', reason: 'a storm' });
        return true;
      } catch (error) {
        said = String(error);
        // What is met ends by itself, perhaps before it is answered.
        return (await this.#isDone(to, { log, seq })) || undefined;
      }
    }, boundMs);
    if (!taken) throw new Error(`${answer} at ${seq} is not taken: ${said}`);
  }

  /**
   * The target has written down that it is done. Counter-example for the state alone: a loader that was killed runs until it comes to the
   * record again. A row of before would be written then, of a column that the other side has no more.
   */
  async concluded(to: Side, { log, seq }: Place): Promise<void> {
    const done = await until(async () => (await this.#isDone(to, { log, seq })) || undefined, boundMs);
    if (!done) throw new Error(`seq ${seq} should be done at ${to}: ${await this.#stack.report()}`);
  }

  async #isDone(to: Side, { log, seq }: Place): Promise<boolean> {
    const { name } = await this.#pipelineTo(to);
    const path = `/api/v1/channels/${this.#stack.channel}/pipelines/${name}/ddl`;
    const { recent } = await this.#stack.api.request<{ recent: readonly (Place & { state: string })[] }>('GET', path);
    return recent.some((one) => one.log === log && one.seq === seq && one.state === 'done');
  }

  async goesOn(): Promise<void> {
    const on = await until(async () => {
      const states = await Promise.all(sides.map(async (side) => (await this.#pipelineTo(side)).target.state)).catch(() => []);
      return (states.length > 0 && states.every((state) => state === 'running')) || undefined;
    }, boundMs);
    if (!on) throw new Error(`both pipelines should go on: ${await this.#stack.report()}`);
  }
}

const byName = [
  (n: number) => [`ALTER TABLE items ADD COLUMN c${n} INT NULL DEFAULT ${n}`, `ALTER TABLE items DROP COLUMN c${n}`],
  (n: number) => [`ALTER TABLE items ADD INDEX i${n} (v)`, `DROP INDEX i${n} ON items`],
  (n: number) => [`CREATE INDEX i${n} ON items (v, id)`, `ALTER TABLE items DROP INDEX i${n}`],
  (n: number) => [`CREATE TABLE more${n} (id BIGINT NOT NULL PRIMARY KEY, v INT)`, `DROP TABLE more${n}`],
];
const compatible = [
  (n: number) => [`ALTER TABLE items COMMENT = '${n}'`, `ALTER TABLE items MODIFY t VARCHAR(${20 + n}) NULL`],
  (n: number) => [`ALTER TABLE items ADD COLUMN c${n} INT NULL, COMMENT = 'of ${n}'`, `ALTER TABLE items DROP COLUMN c${n}, COMMENT = ''`],
  (n: number) => [`ALTER TABLE items ALTER COLUMN v SET DEFAULT ${n}, FORCE`],
];
const quiet = [
  (n: number) => [
    `CREATE TABLE more${n} (id BIGINT NOT NULL PRIMARY KEY, v INT)`,
    `RENAME TABLE more${n} TO renamed${n}`,
    `DROP TABLE renamed${n}`,
  ],
  (n: number) => [
    `ALTER TABLE items ADD COLUMN d${n} INT`,
    `ALTER TABLE items RENAME COLUMN d${n} TO e${n}`,
    `ALTER TABLE items DROP COLUMN e${n}`,
  ],
  () => ['TRUNCATE TABLE items'],
];
const needsQuiet = /RENAME|TRUNCATE/;

/** Statements that lead back to where they began. */
export function drawChanges(random: Random, n: number): readonly Changed[] {
  const draws = random.pick([byName, byName, compatible, compatible, quiet]);
  const statements = random.pick<(n: number) => readonly string[]>(draws)(n);
  const kindOf = (sql: string): Changed['kind'] => (needsQuiet.test(sql) ? 'quiet' : draws === compatible ? 'compatible' : 'by name');
  return statements.map((sql) => ({ from: random.pick(sides), sql, kind: kindOf(sql) }));
}
