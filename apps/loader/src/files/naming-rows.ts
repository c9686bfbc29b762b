/** Whether a row of the target names a file, by any rule of any pipeline that writes there. */
import { createRouter } from '@lutra/model';
import type { FileName, FileRule, Route, TableName } from '@lutra/model';
import type { Queries } from '@lutra/mysql';
import type { FileStore } from './files-io.js';

/** Tables that are made meanwhile have no row of long ago. */
const knownMs = 60_000;

interface RoutedRule {
  readonly rule: FileRule;
  /** By its name at the target; more than it writes, perhaps. */
  takes(table: TableName): boolean;
}

export class NamingRows {
  readonly #store: Pick<FileStore, 'tablesWithColumnsOf' | 'isNamed'>;
  readonly #routes: () => readonly Route[];
  #known: { readonly routes: readonly Route[]; readonly tables: readonly RuleTables[]; readonly at: number } | null = null;

  /** `routes`: of all pipelines to the target, as they are now. */
  constructor(store: Pick<FileStore, 'tablesWithColumnsOf' | 'isNamed'>, routes: () => readonly Route[]) {
    this.#store = store;
    this.#routes = routes;
  }

  async name(queries: Queries, { root, path }: FileName): Promise<boolean> {
    const rules = (await this.#tables(queries)).filter(({ rule }) => rule.root === root);
    // A rule that was there named files by columns that nobody knows of now.
    if (rules.length === 0) return true;
    for (const { rule, tables } of rules) {
      for (const table of tables) if (await this.#store.isNamed(queries, table, { rule, path })) return true;
    }
    return false;
  }

  async #tables(queries: Queries): Promise<readonly RuleTables[]> {
    const routes = this.#routes();
    const known = this.#known;
    const isSame = known && known.routes.length === routes.length && routes.every((route, i) => route === known.routes[i]);
    if (isSame && performance.now() - known.at < knownMs) return known.tables;
    const rules = routes.flatMap(routedRules);
    const found = await this.#store.tablesWithColumnsOf(
      queries,
      rules.map(({ rule }) => rule),
    );
    const tables = rules.map(({ rule, takes }) => ({ rule, tables: (found.get(rule) ?? []).filter(takes) }));
    this.#known = { routes, tables, at: performance.now() };
    return tables;
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
