/** One round one way: fresh tables on three servers, a script at the source, quiet, and the judgement. */
import { createConnection } from 'mysql2/promise';
import { oddRows } from './evidence.js';
import type { Field, Stop } from './field.js';
import { routinesOf } from './routines.js';
import { createAtTarget, passByHand, runAtTarget } from './hand.js';
import { createHazard, hazardOf, hazardTable } from './hazards.js';
import { judgeOneWay } from './judge.js';
import { dropEverywhere, keepReplay, lastOn, randomOf, recover, type RoundOptions, type Wrong } from './round.js';
import { schemaOf } from './schema.js';
import { type Step, scriptOf } from './script.js';
import { Sender } from './sender.js';
import { expectedRefusals, expectedStop } from './stops.js';
import { createTable, type Table } from './table.js';

export async function oneWayRound(field: Field, options: RoundOptions): Promise<Wrong[]> {
  const round = new OneWayRound(field, options);
  try {
    return await round.run();
  } finally {
    await round.end();
  }
}

class OneWayRound {
  readonly #field: Field;
  readonly #options: RoundOptions;
  readonly #name: string;
  readonly #database: string;
  /** Where its tables are routed by name: in the same database. */
  readonly #elsewhere: string;
  readonly #exact: boolean;
  readonly #sender: Sender;
  readonly #wrong: Wrong[] = [];
  readonly #sinceQuiet: Step[] = [];
  #made: string[] = [];
  #tables: readonly Table[] = [];

  constructor(field: Field, options: RoundOptions) {
    this.#field = field;
    this.#options = options;
    this.#name = `one way, round ${options.n}`;
    this.#exact = options.features.has('ddl') && options.n % 4 >= 2;
    this.#database = `one_${this.#exact ? 'x' : 'w'}${options.n}`;
    this.#elsewhere = this.#exact ? this.#database : `aside_${options.n}`;
    this.#sender = new Sender(field.stack.connection('a'), this.#database, options.counts);
  }

  async run(): Promise<Wrong[]> {
    const random = randomOf(this.#options);
    const { mysql, features, statements, definitions, counts } = this.#options;
    const tables = schemaOf(random, { mysql, features, tables: random.int(6, 10) });
    const there = await this.#prepare(tables, routinesOf(random, tables));
    this.#tables = there;
    if (there.length < 2) return this.#wrong;
    const refused = await this.#field.route(this.#exact ? routesOf(this.#database, there) : undefined);
    for (const { id, what } of refused) {
      if (expectedRefusals.has(id)) counts.outcome(`refused by the checks: ${id}`);
      else await this.#tell(`refused by the checks: ${id}: ${what}`);
    }
    if (refused.length > 0) return this.#wrong;
    const spot = { database: this.#database, elsewhere: this.#elsewhere, routed: (name: string) => !name.startsWith('aside') };
    const script = scriptOf(random, { ...spot, tables: there, features, length: statements, definitions });
    let names = there.map(({ name }) => name);
    for (let next = script.next(); !next.done;) {
      const step = next.value;
      const took = await this.#step(step);
      if (took === 'lost') return this.#wrong;
      if (took && step.definition) names = step.definition.after.map(({ name }) => name);
      next = script.next(took);
    }
    const stop = await this.#field.quiet('one');
    this.#askReplica();
    if (stop) {
      await this.#stopped(stop);
      return this.#wrong;
    }
    await this.#judge(names);
    counts.outcome('rounds one way, compared');
    if (features.has('hazard') && random.chance(0.3)) await this.#hazard(hazardOf(random));
    return this.#wrong;
  }

  /** It stops, or arrives as it is. */
  async #hazard(steps: readonly Step[]): Promise<void> {
    this.#sinceQuiet.length = 0;
    for (const step of steps) {
      this.#sinceQuiet.push(step);
      await this.#sender.send(step);
    }
    const stop = await this.#field.quiet('one');
    if (stop) await this.#stopped(stop);
    else await this.#judge([hazardTable]);
  }

  async end(): Promise<void> {
    this.#sender.close();
    await dropEverywhere(this.#field, [this.#database, this.#elsewhere]);
  }

  /**
   * Tables at the target by hand, as the docs say; the replica hears of them. Triggers and routines at the source only. @returns the tables
   * that the server took
   */
  async #prepare(tables: readonly Table[], routines: readonly string[]): Promise<Table[]> {
    const databases = new Set([`CREATE DATABASE ${this.#database}`, `CREATE DATABASE ${this.#elsewhere}`]);
    for (const sql of databases) for (const side of ['b', 'a'] as const) await this.#field.rows(side, sql);
    const [target, source] = await Promise.all([this.#open('b'), this.#open('a')]);
    const there: Table[] = [];
    try {
      for (const table of tables) {
        const sql = createTable(table);
        const refused = await source.query(sql).then(
          () => undefined,
          (error: Error) => error.message,
        );
        this.#options.counts.add('create table, first', refused);
        if (refused !== undefined) continue;
        await target.query(sql);
        there.push(table);
        this.#made.push(sql);
      }
      for (const side of [target, source]) await side.query(createHazard);
      await source.query(`CREATE TABLE ${this.#elsewhere}.aside (id INT PRIMARY KEY, v TEXT)`);
      for (const sql of routines.filter(() => this.#options.features.has('routine'))) {
        const took = await source.query(sql).then(
          () => true,
          () => false,
        );
        if (took) this.#made.push(sql);
      }
    } finally {
      source.destroy();
      target.destroy();
    }
    return there;
  }

  #open(side: 'a' | 'b') {
    return createConnection({ ...this.#field.stack.connection(side), database: this.#database });
  }

  /** @returns whether the source took it; `lost`: the round cannot go on */
  async #step(step: Step): Promise<boolean | 'lost'> {
    const { tables } = this.#options;
    if (tables && step.table && !tables.includes(step.table)) return false;
    if (!step.definition) {
      this.#sinceQuiet.push(step);
      return this.#sender.send(step);
    }
    const before = await this.#field.quiet('one');
    if (before) return this.#stopped(before);
    this.#sinceQuiet.length = 0;
    return this.#define({ ...step, definition: step.definition });
  }

  async #define(step: Step & { readonly definition: NonNullable<Step['definition']> }): Promise<boolean | 'lost'> {
    const { definition } = step;
    const { counts } = this.#options;
    for (const sql of definition.before) await this.#sender.send({ kind: 'beside', session: 'utf8mb4', sql });
    const took = await this.#sender.send(step);
    this.#sinceQuiet.push(step);
    if (!took) return false;
    const settings = await this.#sender.settings(step);
    if (definition.concerns === 'new') await runAtTarget(this.#field, step, settings);
    const stop = await this.#field.passes('one', 'a');
    if (definition.concerns === 'filled') return this.#fill(step, stop);
    if (!stop) {
      if (definition.concerns === 'routed') {
        await this.#tell(`DDL passed, though it is about a routed table: ${step.sql}`);
        return 'lost';
      }
      counts.outcome(`DDL that passes: ${definition.kind}`);
      return true;
    }
    if (definition.concerns !== 'routed') {
      await this.#stopped(stop, `stopped at DDL that is about no routed table: ${step.sql}`);
      return 'lost';
    }
    const name = expectedStop(stop, this.#sinceQuiet);
    if (name === undefined) return this.#stopped(stop);
    counts.outcome(`named stop: ${name}: ${definition.kind}`);
    const again = await passByHand(this.#field, step, settings).catch((error: unknown) => ({
      ...stop,
      code: 'BY HAND',
      message: causes(error),
    }));
    if (again) return this.#stopped(again, `the documented way past the statement does not hold: ${step.sql}`);
    this.#sinceQuiet.length = 0;
    return true;
  }

  /** A table that came with rows. */
  async #fill(step: Step, stop: Stop | undefined): Promise<boolean | 'lost'> {
    const name = stop && expectedStop(stop, this.#sinceQuiet);
    if (stop && name === undefined) return this.#stopped(stop);
    this.#options.counts.outcome(name === undefined ? `DDL that passes: ${step.kind}` : `named stop: ${name}: ${step.kind}`);
    await createAtTarget(this.#field, { ...step, database: this.#database });
    const again = await this.#field.goesOn(stop?.code);
    return again ? this.#stopped(again, `the documented way past the statement does not hold: ${step.sql}`) : true;
  }

  async #judge(names: readonly string[]): Promise<void> {
    const { findings, unasked, rows, tables } = await judgeOneWay(this.#field, this.#database, names);
    const { counts } = this.#options;
    counts.outcome('tables compared', tables);
    counts.outcome('rows compared', rows);
    counts.outcome('tables in which the replica differs, too', unasked.length);
    for (const { table, what } of findings) {
      const made = this.#made.filter((sql) => sql.includes(`\`${table}\``)).slice(0, 1);
      await this.#tell(
        [
          `${table}: ${what}`,
          ...made,
          ...(await oddRows(this.#field, ['a', 'replica', 'b'], { database: this.#database, table })),
          ...lastOn(table, this.#sender.sent),
        ].join('\n'),
      );
    }
  }

  /** Where MySQL's own replica stops, nothing can be asked. */
  #askReplica(): boolean {
    const refused = this.#field.replicaRefused.splice(0);
    for (const what of refused) this.#options.log(`${this.#name}: MySQL's own replica stopped: ${what.slice(0, 900)}`);
    this.#options.counts.outcome('transactions at which the replica stopped', refused.length);
    return refused.length > 0;
  }

  async #stopped(stop: Stop, why?: string): Promise<'lost'> {
    const expected = why === undefined ? expectedStop(stop, this.#sinceQuiet, this.#tables) : undefined;
    const name = expected ?? (why === undefined && (await this.#replicaStopsToo(stop)) ? "where MySQL's own replica stops too" : undefined);
    if (name !== undefined) this.#options.counts.outcome(`named stop: ${name}`);
    else await this.#tell(`${why ?? 'stopped'}\n  ${stop.app} of ${stop.pipeline}: ${stop.code}: ${stop.message}\n${this.#about(stop)}`);
    await recover(this.#field, 'one', stop);
    return 'lost';
  }

  /** The binlog holds what its own server cannot apply. */
  async #replicaStopsToo({ message }: Stop): Promise<boolean> {
    const gtid = /transaction ([0-9a-f-]+:\d+)/.exec(message)?.[1];
    if (gtid === undefined) return false;
    await this.#field.replicated();
    return this.#field.replicaRefused.some((what) => what.includes(`'${gtid}'`));
  }

  #about({ details, message }: Stop): string {
    const named = typeof details['table'] === 'string' ? details['table'] : (/one_\w+\.([^.:,]+)/.exec(message)?.[1] ?? '');
    const table = named.replace(/^.*\./, '');
    return table === '' ? '' : [this.#made.find((sql) => sql.includes(`\`${table}\``)), ...lastOn(table, this.#sender.sent)].join('\n');
  }

  async #tell(what: string): Promise<void> {
    const { log } = this.#options;
    const file = await keepReplay(this.#name, [what], { database: this.#database, made: this.#made, sent: this.#sender.sent });
    log(`${this.#name}: ${what}\n  everything that was sent: ${file}`);
    this.#wrong.push({ round: this.#name, what, file });
  }
}

/** Each table by its name, and what DDL makes of it by patterns; `aside…` by none. */
function routesOf(schema: string, tables: readonly Table[]): { schema: string; table: string }[] {
  const names = tables.map(({ name }) => name.replaceAll(' ', '?'));
  const made = ['like*', 'new*', 'sel*', 'gone*', 'ren*', '*_*', hazardTable];
  return [...names, ...made].map((table) => ({ schema, table }));
}

function causes(error: unknown): string {
  return error instanceof Error ? `${error.message}${error.cause === undefined ? '' : `: ${causes(error.cause)}`}` : String(error);
}
