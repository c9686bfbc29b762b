/** Whether a row of the target names a file, by any rule of any pipeline that writes there. */
import { createRouter } from '@lutra/model';
import type { FileName, FileRule, Route, TableName } from '@lutra/model';
import type { Queries } from '@lutra/mysql';
import type { FileStore } from './files-io.js';

interface RoutedRule {
  readonly rule: FileRule;
  /** By its name at the target; more than it writes, perhaps. */
  takes(table: TableName): boolean;
}

export class NamingRows {
  readonly #store: Pick<FileStore, 'tablesWithColumnsOf' | 'isNamed'>;
  readonly #routes: () => readonly Route[];

  /** `routes`: of all pipelines to the target, as they are now. */
  constructor(store: Pick<FileStore, 'tablesWithColumnsOf' | 'isNamed'>, routes: () => readonly Route[]) {
    this.#store = store;
    this.#routes = routes;
  }

  async name(queries: Queries, { root, path }: FileName): Promise<boolean> {
    const rules = await this.#tables(queries, root);
    // A rule that was there named files by columns that nobody knows of now; so does one whose columns have other names by now.
    if (rules.length === 0 || rules.some(({ tables }) => tables.length === 0)) return true;
    for (const { rule, tables } of rules) {
      for (const table of tables) if (await this.#store.isNamed(queries, table, { rule, path })) return true;
    }
    return false;
  }

  /** Of this moment. Counter-example for one that is kept: rows are moved to a table that was made a second ago, and the files go. */
  async #tables(queries: Queries, root: string): Promise<readonly RuleTables[]> {
    const rules = this.#routes()
      .flatMap(routedRules)
      .filter(({ rule }) => rule.root === root);
    const found = await this.#store.tablesWithColumnsOf(
      queries,
      rules.map(({ rule }) => rule),
    );
    return rules.map(({ rule, takes }) => ({ rule, tables: (found.get(rule) ?? []).filter(takes) }));
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
