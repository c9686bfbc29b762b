/** Schema changes: what a record of the log says about one, and what a pipeline does with it. Since level 3. Decision 0034. */
import { z } from 'zod';
import { nameSchema } from './config-fields.js';
import { patternSchema } from './name-pattern.js';
import type { TableName } from './table.js';

/**
 * What a statement does with a table that it names · subject: creates, changes, empties or drops it · from, to: renames it · like: copies
 * its definition · with: exchanges its rows for a partition · references: refers to it · union: reads and writes through it · database: a
 * whole database, whose name is `*` · mentioned: nobody knows what; it has no place in the text
 */
export const ddlRoles = ['subject', 'from', 'to', 'like', 'with', 'references', 'union', 'database', 'mentioned'] as const;
export type DdlRole = (typeof ddlRoles)[number];

/** By its name at the source. */
export interface DdlTable extends TableName {
  readonly role: DdlRole;
  /** Where its name, with its database where that is written, begins in `sql`, and how long it is: UTF-16 units. −1, 0: nowhere. */
  readonly offset: number;
  readonly length: number;
}

/** A part of an ALTER TABLE, CREATE INDEX or DROP INDEX that is done once the table shows it. */
export interface DdlClause {
  readonly action: 'add' | 'drop';
  readonly what: 'column' | 'index';
  readonly name: string;
}

/** A column that an ALTER TABLE defines anew under its name, and nothing but that. */
export interface DdlModify {
  readonly column: string;
  /** As a server tells it (COLUMN_TYPE), without the width of a number: `varchar(200)`, `bigint unsigned`, `enum('a','B')`. */
  readonly type: string;
  readonly nullable: boolean;
}

/** The session of a statement, as far as it changes what the statement does. Null: the source did not say, so the server's own counts. */
export interface DdlSession {
  /** Bits, as the source's flavour numbers them, in digits. */
  readonly sqlMode: string | null;
  readonly foreignKeyChecks: boolean;
  readonly uniqueChecks: boolean;
  /** µs since 1970: what NOW() was. */
  readonly timestampUs: number;
  /** As the server names it; its own zone as SourceSession has it. */
  readonly timeZone: string | null;
  readonly explicitDefaultsForTimestamp: boolean | null;
  /** Ids of collations. */
  readonly collationConnection: number | null;
  readonly collationServer: number | null;
  /** Of a statement that leaves it to the database of its table: what the table got. Asked when it is read; null: both are gone. */
  readonly collationDatabase: number | null;
  readonly defaultCollationForUtf8mb4: number | null;
  readonly sqlRequirePrimaryKey: boolean | null;
  readonly defaultTableEncryption: boolean | null;
}

export const ddlPolicies = ['apply', 'ignore', 'stop'] as const;
/** apply: runs at the target too · ignore: passed over, counted, and shown until it is confirmed · stop: the pipeline holds at it */
export type DdlPolicy = (typeof ddlPolicies)[number];

export const ddlSettingsSchema = z.strictObject({
  /** Of every statement that has none of its own. Left out: `stop` where something flows both ways, else `apply`. */
  default: z.enum(ddlPolicies).optional(),
  /** DROP TABLE and DROP DATABASE. */
  drop: z.enum(ddlPolicies).optional(),
  /** TRUNCATE TABLE. */
  truncate: z.enum(ddlPolicies).optional(),
  /** s that a statement may run at the target; left out: no bound. */
  maxSeconds: z.int().min(1).max(604_800).optional(),
});
export type DdlSettings = z.infer<typeof ddlSettingsSchema>;

/** What a pipeline is to do with statements of that kind ('ALTER TABLE'). */
export function ddlPolicy(settings: DdlSettings | undefined, statement: string, bothWays: boolean): DdlPolicy {
  const { default: all = bothWays ? 'stop' : 'apply', drop = all, truncate = all } = settings ?? {};
  // both ways, rows that the other side inserts before it hears of it would stay there alone
  if (statement === 'TRUNCATE TABLE') return bothWays && truncate === 'apply' ? 'stop' : truncate;
  return /^DROP (?:TABLE|DATABASE)$/.test(statement) ? drop : all;
}

/** By their names at the target, as rules of conflicts. */
export const schemaHomeSchema = z.strictObject({ schema: patternSchema, table: patternSchema.default('*'), region: nameSchema });
export type SchemaHome = z.infer<typeof schemaHomeSchema>;

/**
 * Why a pipeline holds at a schema change · policy: it was told to · not-home: the table is at home elsewhere · unmapped: it cannot be said
 * in the names of the target, or the target refuses its text · failed: the target refused to carry it out · online-change: a tool changes
 * the table at the other side · entered: the table comes with rows that are not in the log · undecided: nobody knows whether it ran ·
 * defaults: it leaves open what the two servers fill in differently · unknown: which tables it changes cannot be made out
 */
export const ddlHoldReasons = [
  'policy',
  'not-home',
  'unmapped',
  'failed',
  'online-change',
  'entered',
  'undecided',
  'defaults',
  'unknown',
] as const;
export type DdlHoldReason = (typeof ddlHoldReasons)[number];

/**
 * run: carry it out here, as it is · done: a person has done at the target what is needed · skip: it is not done here · seed: the table of
 * the target is put aside, made as it is at the source, and its rows are copied
 */
export const ddlAnswers = ['run', 'done', 'skip', 'seed'] as const;
export type DdlAnswer = (typeof ddlAnswers)[number];

/** A pipeline that holds at a schema change. */
export interface DdlHold {
  /** Of the record. */
  readonly log: string;
  readonly seq: number;
  /** Id of the record. */
  readonly record: string;
  readonly reason: DdlHoldReason;
  /** What is in the way, and what to do. */
  readonly message: string;
  /** Its kind, like ALTER TABLE. */
  readonly statement: string;
  /** Its text at the source, cut at 4,000 characters. It may hold values. */
  readonly sql: string;
  /** As it would run here; null: it cannot be said. */
  readonly here: string | null;
  /** Names at the source. */
  readonly tables: readonly TableName[];
  /** Answers that would be taken. */
  readonly ways: readonly DdlAnswer[];
  /** Of `entered`: those of `tables` that come with rows which are not in the log. */
  readonly enters?: readonly TableName[];
  /** ms since 1970 */
  readonly since: number;
}

/** A schema change that runs at the target. */
export interface DdlActivity {
  readonly log: string;
  readonly seq: number;
  readonly statement: string;
  readonly here: string;
  /** ms since 1970 */
  readonly since: number;
  /** Of an ALTER TABLE, where the server tells: 0 to 1. */
  readonly progress: number | null;
  /** Sessions of the target that hold the table: what each is, for people. */
  readonly blockers: readonly string[];
}
