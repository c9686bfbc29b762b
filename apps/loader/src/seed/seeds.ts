/** The tables that this pipeline is seeding, by their names at the source, as lutra.seed has them or will have them at the next commit. */
import type { TableName } from '@lutra/model';
import type { SeedOf, SeedPart } from '@lutra/mysql';

export class Seeds {
  readonly #tables = new Map<string, SeedOf>();

  constructor(pipeline: string, parts: readonly SeedPart[]) {
    for (const { state, table, target, request, onExisting } of parts)
      if (state === 'seeding') this.begin({ pipeline, table, target, request, onExisting });
  }

  begin(of: SeedOf): void {
    this.#tables.set(nameOf(of.table), of);
  }

  /** Done, or cancelled. */
  end(table: TableName): void {
    this.#tables.delete(nameOf(table));
  }

  of(table: TableName): SeedOf | null {
    return this.#tables.get(nameOf(table)) ?? null;
  }

  /** What is at the target and differs is replaced; one way. */
  replaces(table: TableName): boolean {
    return this.#tables.size > 0 && this.of(table)?.onExisting === 'source';
  }
}

function nameOf({ database, name }: TableName): string {
  return `${database}\0${name}`;
}
