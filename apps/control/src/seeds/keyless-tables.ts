/**
 * Tables without any key: which of an order may be copied whole. One way, by one pipeline, into an empty table; of all others nobody could
 * tell which rows are whose (docs/decisions/0032-seeding.md). Capture copies those that the order names, and refuses the others.
 */
import { createRouter, maxKeylessTables, pipelineRoutes, sourceTable, tableName } from '@lutra/model';
import type { ChannelDocument, PipelineInput, SeedOrder, TableName } from '@lutra/model';
import { quoteTable, Session } from '@lutra/mysql';
import type { ConnectionOptions } from '@lutra/mysql';
import { isTwoWay } from './seed-direction.js';
import type { SeedSubject } from './seed.rules.js';
import type { AtTarget, FoundTable, Keyless } from './seed-tables.js';

export interface KeylessFacts {
  readonly level: number;
  readonly order: Pick<SeedOrder, 'where'>;
  readonly tables: readonly FoundTable[];
  /** Tables at the target that have rows. */
  readonly filled: ReadonlySet<string>;
  /** Of all channels. */
  readonly channels: readonly Pick<ChannelDocument, 'name' | 'pipelines'>[];
}

/** Chunks of whole tables are of this level. */
const keylessLevel = 3;

export function keylessTables({ channel, pipeline, id }: SeedSubject, facts: KeylessFacts): Keyless {
  const { level, order, tables, filled, channels } = facts;
  const others = channels.flatMap(({ name, pipelines }) =>
    pipelines.filter((other) => other.target === pipeline.target && `${name}.${other.name}` !== id),
  );
  const writes = (other: Pick<PipelineInput, 'routes' | 'exclude'>, target: TableName): boolean => {
    const routes = pipelineRoutes(other);
    return sourceTable(target, routes, createRouter(routes)) !== null;
  };
  const why = ({ target }: FoundTable, number: number): string | null => {
    if (level < keylessLevel) return `the cluster is at level ${level}`;
    if (isTwoWay(channel, pipeline)) return `pipeline ${id} flows both ways`;
    if (order.where !== undefined) return 'the order has a where: an update of a row that was left out would find none';
    const other = others.find((candidate) => writes(candidate, target));
    if (other) return `pipeline ${other.name} writes ${tableName(target)} too`;
    if (tables.some((one) => one.target !== target && tableName(one.target) === tableName(target)))
      return `another table becomes ${tableName(target)} too`;
    if (filled.has(tableName(target))) return `${tableName(target)} at ${pipeline.target} is not empty`;
    return number >= maxKeylessTables ? `one order copies at most ${maxKeylessTables} tables without a key` : null;
  };
  const found = tables.filter(({ key }) => key.length === 0);
  return new Map(found.map((table, number) => [tableName(table.source), why(table, number)]));
}

/** As an order names them. */
export function copiedWhole(tables: readonly FoundTable[], keyless: Keyless): Pick<SeedOrder, 'keyless'> {
  const copied = tables.filter(({ source }) => keyless.get(tableName(source)) === null).map(({ source }) => ({ ...source }));
  return copied.length === 0 ? {} : { keyless: copied };
}

/** By what is there now, not by statistics. @throws SyncError TARGET_* */
export async function filledAt(
  options: ConnectionOptions,
  tables: readonly FoundTable[],
  atTarget: AtTarget,
): Promise<ReadonlySet<string>> {
  const there = tables.filter((table) => table.key.length === 0 && atTarget(table) !== null).slice(0, maxKeylessTables);
  const filled = new Set<string>();
  if (there.length === 0) return filled;
  const session = await Session.open(options, 'target');
  try {
    for (const { target } of there)
      if ((await session.query(`SELECT 1 AS found FROM ${quoteTable(target)} LIMIT 1`)).length > 0) filled.add(tableName(target));
  } finally {
    await session.close();
  }
  return filled;
}
