/** The words of `ddl.ts`: its rules, cases and states. */

/** `visible`: definitions show whether it ran. `repeatable`: behind the barrier twice does no harm. `blind`: neither. */
export type Kind = 'visible' | 'repeatable' | 'blind';

export interface DdlRules {
  /** MySQL with GTID: an explicit GTID. MariaDB: the session's server id. MySQL without GTID: none. */
  readonly witness: 'gtid' | 'server id' | 'none';
  /** There is an intent before the statement. */
  readonly intent: boolean;
  /** Of an open intent: what the witness says; or the statement is run again, or taken for done. */
  readonly recovery: 'witness' | 'run again' | 'taken for done';
  /** A loader works under GET_LOCK: its session outlives it while its statement runs. */
  readonly lock: boolean;
  /** The statement's text begins with the check of the epoch. */
  readonly fence: boolean;
  /** The number of a witness: one that the server has not executed, or the next one in lutra.ddl. */
  readonly number: 'not executed' | 'next in lutra.ddl';
  /** A record that is published twice is known by its id, or by its place in the log. */
  readonly known: 'by id' | 'by seq';
  /** A statement of several tables: an intent for each, or one. */
  readonly drops: 'one by one' | 'whole';
  /** A table that is gone under an open intent was dropped by it. */
  readonly goneIsRan: boolean;
  /** What the target's capture takes for a copy. */
  readonly copies: 'witness and recovery' | 'witness' | 'intents since it started';
  readonly bothWays: boolean;
}

export const mysql: DdlRules = {
  witness: 'gtid',
  intent: true,
  recovery: 'witness',
  lock: true,
  fence: true,
  number: 'not executed',
  known: 'by id',
  drops: 'whole',
  goneIsRan: false,
  copies: 'witness and recovery',
  bothWays: true,
};
export const mariadb: DdlRules = { ...mysql, witness: 'server id', drops: 'one by one', goneIsRan: true };
export const withoutGtid: DdlRules = { ...mysql, witness: 'none', bothWays: false };

export interface Kills {
  readonly loader: number;
  /** A loader sleeps while another takes over. */
  readonly sleep: number;
  readonly server: number;
  /** The source's capture, which publishes the record once more, and the target's. */
  readonly capture: number;
}

export interface DdlCase {
  readonly kind: Kind;
  readonly tables: number;
  /** The server executes and logs it as one; MariaDB's DROP is neither. */
  readonly atomic: boolean;
  /** GTIDs that a pipeline of the same name left. */
  readonly executed: readonly string[];
  readonly kills: Kills;
}

export interface Loader {
  readonly session: number;
  readonly phase: 'start' | 'intent' | 'send' | 'checked' | 'sent' | 'done' | 'held' | 'gone';
}

export interface Intent {
  readonly record: string;
  readonly table: number;
  readonly witness: string;
  readonly isDone: boolean;
  /** Before it: the length of the binlog, and how often the table's statement had run. */
  readonly from: number;
  readonly ran: number;
}

export type Logged =
  | { readonly kind: 'intent'; readonly table: number }
  | { readonly kind: 'statement'; readonly witness: string | null; readonly table: number }
  | { readonly kind: 'recovery'; readonly table: number };

export interface Running {
  readonly session: number;
  readonly table: number;
  /** The first table that is not part of it, and that is not done yet. */
  readonly to: number;
  readonly next: number;
  readonly witness: string;
}

export interface DdlState {
  /** The ids of the records. */
  readonly log: readonly string[];
  readonly checkpoint: number;
  readonly loaders: readonly Loader[];
  readonly intents: readonly Intent[];
  /** The session that holds the lock; 0: none. */
  readonly holder: number;
  readonly epoch: number;
  readonly running: Running | null;
  /** How often each table's statement took effect. */
  readonly ran: readonly number[];
  readonly executed: readonly string[];
  readonly binlog: readonly Logged[];
  /** The target's capture: what it has read, the intents since it started, and how much it took for the target's own. */
  readonly read: number;
  readonly seen: readonly number[];
  readonly own: number;
  readonly kills: Kills;
}

export interface At {
  readonly example: DdlCase;
  readonly rules: DdlRules;
}
