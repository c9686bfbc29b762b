/**
 * The statements of one round, one after the other, as a function of the random source and of what the source refused: some sessions with
 * settings of their own take turns, a transaction or a statement each.
 */
import type { Random } from '../harness/random.js';
import { changeKinds, type Change, changeOf } from './changes.js';
import type { Definition } from './definition.js';
import { definitionOf } from './definitions.js';
import type { Feature } from './schema.js';
import { type Charset, charsets, settingOf } from './sessions.js';
import type { Table } from './table.js';

export interface Step {
  readonly kind: string;
  readonly session: Charset;
  readonly sql: string;
  /** That it is about. */
  readonly table?: string;
  /** What LOAD DATA reads. */
  readonly file?: string;
  readonly definition?: Definition;
}

export interface ScriptOptions {
  readonly database: string;
  readonly elsewhere: string;
  readonly tables: readonly Table[];
  readonly routed: (table: string) => boolean;
  readonly features: ReadonlySet<Feature>;
  /** Statements. */
  readonly length: number;
  /** DDL statements, spread among the others. */
  readonly definitions: number;
}

/** To be told whether the source took the step. */
export type Script = Generator<Step, void, boolean>;

export function* scriptOf(random: Random, options: ScriptOptions): Script {
  const { features, length } = options;
  const sessions = features.has('charset') ? charsets : charsets.slice(0, 1);
  const every = options.definitions > 0 && features.has('ddl') ? Math.ceil(length / (options.definitions + 1)) : Infinity;
  let tables = options.tables;
  let next = every;
  let n = 0;
  for (let count = 0; count < length;) {
    const session = random.pick(sessions);
    if (random.chance(0.12)) {
      yield { session, ...settingOf(random, features) };
      count += 1;
    }
    if (count >= next) {
      n += 1;
      next += every;
      const { after, took } = yield* define(random, session, { ...options, tables, n });
      if (took) tables = after;
      count += 1;
      if (tables.length < 2) return;
    }
    count += yield* transaction(random, session, { tables, features });
  }
}

function* define(
  random: Random,
  session: Charset,
  spot: ScriptOptions & { readonly n: number },
): Generator<Step, { after: readonly Table[]; took: boolean }, boolean> {
  const definition = definitionOf(random, spot);
  const { kind, sql, after, tables } = definition;
  const took = yield { kind, session, sql, definition, ...(tables[0] === undefined ? {} : { table: tables[0] }) };
  return { after, took };
}

interface Ground {
  readonly tables: readonly Table[];
  readonly features: ReadonlySet<Feature>;
}

/** One statement, or several of them; settings may change amid. Returns how many. */
function* transaction(random: Random, session: Charset, { tables, features }: Ground): Generator<Step, number, boolean> {
  const left = changeKinds.filter((kind) => kind !== 'routine' || features.has('routine'));
  const change = (): Change => changeOf(random, tables, random.chance(0.1) ? left : undefined);
  const steps = (): Step[] => toSteps(session, change()).filter(({ kind }) => left.includes(kind));
  if (random.chance(0.6)) {
    const alone = steps();
    for (const step of alone) yield step;
    return alone.length;
  }
  let count = 2;
  yield { kind: 'begin', session, sql: random.pick(['BEGIN', 'START TRANSACTION', 'START TRANSACTION WITH CONSISTENT SNAPSHOT']) };
  for (let n = random.int(1, 5); n > 0; n--) {
    if (random.chance(0.15)) {
      yield { session, ...settingOf(random, features) };
      count += 1;
    }
    for (const step of steps()) {
      yield step;
      count += 1;
    }
  }
  yield random.chance(0.85) ? { kind: 'commit', session, sql: 'COMMIT' } : { kind: 'rollback', session, sql: 'ROLLBACK' };
  return count;
}

function toSteps(session: Charset, { kind, table, statements, file }: Change): Step[] {
  return statements.map((sql) => ({ kind, session, sql, table, ...(file === undefined ? {} : { file }) }));
}
