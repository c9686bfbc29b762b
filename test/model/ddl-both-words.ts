/** The words of `ddl-both.ts`: its rules, cases and states. */

export type Side = 'A' | 'B';
export type Values = Readonly<Record<string, string>>;
export type Table = Readonly<Record<string, Values>>;

export type Clause =
  | { readonly add: string }
  | { readonly drop: string }
  | { readonly table: 'drop' | 'truncate' }
  | { readonly table: 'create'; readonly columns: readonly string[] }
  | { readonly limit: Limit };

/** What the rows of a table must be: that no two have the same value, that a new row must have one, or how long it may be. */
export interface Limit {
  readonly column: string;
  readonly is: 'unique' | 'required' | number;
}

export type Entry =
  /** last word: of home, on a row that both sides have changed. */
  | { readonly kind: 'row' | 'last word'; readonly key: string; readonly values: Values | null; readonly seen: number }
  | {
      readonly kind: 'ddl';
      /** Null: nobody has seen how the shadow was made; `becomes` is what a person sees of it. */
      readonly clauses: readonly Clause[] | null;
      readonly isRedefine?: true;
      readonly becomes?: readonly string[];
      /** Of the other side's log. */
      readonly seen: number;
      /** It came from the other side, and has it in its path. */
      readonly isBack?: true;
    }
  /** Of a shadow table, if it is carried. */
  | { readonly kind: 'shadow'; readonly columns: readonly string[] }
  | { readonly kind: 'shadow row'; readonly key: string; readonly values: Values }
  | { readonly kind: 'swap' };

export type Statement =
  | { readonly do: 'write'; readonly key: string; readonly values: Values | null }
  | { readonly do: 'ddl'; readonly clauses: readonly Clause[] }
  /** An online tool: makes its shadow, copies, puts it in the table's place. */
  | { readonly do: 'shadow'; readonly add: string }
  /** Rows that lack the new column's value get the old one's. */
  | { readonly do: 'backfill'; readonly from: string; readonly to: string }
  /** In two steps: the table goes away, and the shadow comes in its place. */
  | { readonly do: 'copy' | 'swap' | 'leave' | 'enter' };

export interface BothRules {
  /** What comes from B is held at home until it is met or a person runs it there; or each side applies the other's. */
  readonly home: 'holds' | 'each applies';
  /**
   * A column or table that the target dropped after what the row had seen is left out of it (or that home did); or names alone count; or
   * the pipeline stands.
   */
  readonly rows: 'seen' | 'seen of home' | 'names' | 'stands';
  /** The target's own log is read up to the row's locks, or up to where it was when the row came. */
  readonly known: 'at the locks' | 'when it came';
  /** A change that the other side leaves out, because it has dropped the table behind it, is concurrent with nothing; or with all. */
  readonly gone: 'counts for nothing' | 'counts';
  readonly tool: 'gh-ost' | 'pt-osc';
  /** A swap is published as what it redefines, and the other side holds; or shadow tables are carried. */
  readonly shadows: 'redefined' | 'carried';
  /** Clause by clause, and never if a name is dropped and added; or the definitions that are there at the end. */
  readonly met: 'by clause' | 'by definition';
  /**
   * What a person has run at home is published with its path, so that B passes it; as if it were new; or with its path unless home has
   * altered the table meanwhile: the two sides ran both in another order then.
   */
  readonly own: 'with path unless crossed' | 'with path' | 'as new';
  /** What came from B had run there before the rows that come behind it; or it counts for them as what home dropped. */
  readonly drops: 'of home' | 'all';
  /** A swap whose shadow was made before the route is held; or it is taken for one that changes nothing. */
  readonly begun: 'held' | 'nothing known';
  /** What leaves is kept until the shadow comes; or the table is taken for one that is gone. */
  readonly leave: 'passes' | 'drops';
}

export interface BothCase {
  readonly start: Table;
  /** Null: there is no table. */
  readonly columns: readonly string[] | null;
  readonly limits?: readonly Limit[];
  /** Columns of a shadow that A made before the route. */
  readonly begun?: readonly string[];
  readonly scripts: Readonly<Record<Side, readonly Statement[]>>;
  /** A's statements from here on wait until B has written all that is of the old kind, and A has applied it. */
  readonly contractFrom?: number;
  /** Rows that must be there at the end. */
  readonly wanted?: Table;
}

export interface Shadow {
  readonly columns: readonly string[];
  readonly rows: Table;
  /** It was made before the route. */
  readonly isOlder?: true;
}

export interface Here {
  /** Null: there is no table. */
  readonly columns: readonly string[] | null;
  readonly rows: Table;
  readonly limits: readonly Limit[];
  readonly shadow: Shadow | null;
  /** What has left, between two steps. */
  readonly away: readonly string[] | null;
  readonly log: readonly Entry[];
  readonly applied: number;
  /** How long the own log was when the row came that is to be written next; null: none has. */
  readonly read: number | null;
  readonly written: number;
}

export type BothState = Readonly<Record<Side, Here>>;

export const bothProtocol: BothRules = {
  home: 'holds',
  rows: 'seen',
  tool: 'gh-ost',
  shadows: 'redefined',
  met: 'by clause',
  own: 'with path unless crossed',
  drops: 'of home',
  known: 'at the locks',
  gone: 'counts for nothing',
  begun: 'held',
  leave: 'passes',
};
