/** Whether a row of the target names a file, by any rule of any pipeline that writes there. */
import { createRouter } from '@lutra/model';
import type { FileName, FileRule, Route, TableName } from '@lutra/model';
import type { Naming, Queries } from '@lutra/mysql';
import type { FileStore } from './files-io.js';

interface RoutedRule {
  readonly rule: FileRule;
  /** By its name at the target; more than it writes, perhaps. */
  takes(table: TableName): boolean;
}

export interface NamingRowsOptions {
  readonly store: Pick<FileStore, 'tablesWithColumnsOf' | 'baseTables' | 'isNamed'>;
  /** Of all pipelines to the target, as they are now. */
  routes(): readonly Route[];
  /** Some table that names files of the root by a rule is suspended, since it lacks a column of the rule. */
  lacksColumns(root: string): boolean;
}

export class NamingRows {
  readonly #options: NamingRowsOptions;

  constructor(options: NamingRowsOptions) {
    this.#options = options;
  }

  /**
   * As of one moment: the catalogue is read once, with the first file. Counter-example for one that is kept longer: rows are moved to a
   * table that was made a second ago, and the files go.
   */
  of(queries: Queries): (file: FileName) => Promise<Naming> {
    const roots = new Map<string, Promise<readonly RuleTables[] | null>>();
    return async ({ root, path }) => {
      const found = roots.get(root) ?? this.#tables(queries, root);
      roots.set(root, found);
      const rules = await found;
      if (rules === null) return 'unknown';
      // A rule that was there named files by columns that nobody knows of now.
      if (rules.length === 0) return 'named';
      for (const { rule, tables } of rules)
        for (const table of tables) if (await this.#options.store.isNamed(queries, table, { rule, path })) return 'named';
      return 'free';
    };
  }

  /** Null: a rule has tables, and none of them has its columns, which have other names by now. A rule without any table has no rows. */
  async #tables(queries: Queries, root: string): Promise<readonly RuleTables[] | null> {
    const { store, routes, lacksColumns } = this.#options;
    if (lacksColumns(root)) return null;
    const rules = routes()
      .flatMap(routedRules)
      .filter(({ rule }) => rule.root === root);
    const found = await store.tablesWithColumnsOf(
      queries,
      rules.map(({ rule }) => rule),
    );
    const all = rules.map(({ rule, takes }) => ({ rule, takes, tables: (found.get(rule) ?? []).filter(takes) }));
    const without = all.filter(({ tables }) => tables.length === 0);
    if (without.length === 0) return all;
    const base = await store.baseTables(queries);
    return without.some(({ takes }) => base.some(takes)) ? null : all;
  }
}

interface RuleTables {
  readonly rule: FileRule;
  readonly tables: readonly TableName[];
}

function routedRules({ schema, table, to, files = [] }: Route): readonly RoutedRule[] {
  const router = createRouter([{ schema: to?.schema ?? schema, table: to?.table ?? table }]);
  return files.map((rule) => ({ rule, takes: (of) => router(of) !== null }));
}
