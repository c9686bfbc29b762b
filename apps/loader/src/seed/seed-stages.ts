/** What seeding takes in a run, put together. */
import type { Checkpoint } from '@lutra/marker';
import { createRouter, tableName } from '@lutra/model';
import type { Router, TableName } from '@lutra/model';
import type { SeedPart } from '@lutra/mysql';
import type { Detection } from '../conflict/detect/create-detector.js';
import { seedCreates } from '../ddl/seed-creates.js';
import type { FileRows } from '../files/file-rows.js';
import type { LoaderRun, Owned } from '../loader-run.js';
import type { TableMatcher } from '../plan/table-matcher.js';
import { Seeding } from './seeding.js';
import { SeedProgressWriter } from './seed-progress.js';
import type { Seeds } from './seeds.js';

interface SeedingParts {
  readonly seeds: Seeds;
  readonly matcher: TableMatcher;
  readonly detection: Detection | null;
  readonly pieceBytes: number;
  readonly files: Pick<FileRows, 'namedBy'> | null;
  isSuspended(table: TableName): boolean;
}

export function seedingOf(run: LoaderRun, { checkpoint, writer }: Owned, parts: SeedingParts): Seeding {
  const { deps, work, target } = run;
  return new Seeding({
    ...parts,
    carryOut: deps.level.current >= 3 ? seedCreates(run, checkpoint) : undefined,
    writer,
    checkpoint,
    work,
    target,
    port: deps.io.target,
    load: (database, name) => writer.loadTable(database, name),
    onCreated: ({ database, name }) => deps.logger.info({ table: `${database}.${name}` }, 'created a table that is to be seeded'),
    onPassed: (why) => deps.logger.warn(why),
  });
}

/**
 * As they stand there; what is ticked off of tables that the pipeline does not carry now, or carries elsewhere, is not any more. Nor is it
 * of tables that the target does not have: somebody may create them again.
 */
export async function seedPartsOf(
  { deps, work, target }: LoaderRun,
  key: Pick<Checkpoint, 'pipeline' | 'part' | 'epoch'>,
): Promise<readonly SeedPart[]> {
  const { readSeeds, untickSeeds } = deps.io.target;
  const parts = await readSeeds(target, work.uid);
  const left = [
    ...leftOf(parts, createRouter(work.routes)),
    ...(await goneOf(parts, (tables) => deps.io.target.missingTables(target, tables))),
  ];
  if (left.length === 0) return parts;
  await untickSeeds(target, key, left);
  return readSeeds(target, work.uid);
}

async function goneOf(
  parts: readonly SeedPart[],
  missing: (tables: readonly TableName[]) => Promise<readonly TableName[]>,
): Promise<readonly TableName[]> {
  const ticked = parts.filter((part) => part.state === 'seeding' && (part.cursor !== null || part.isWhole));
  if (ticked.length === 0) return [];
  const gone = new Set((await missing(ticked.map(({ target }) => target))).map(tableName));
  return ticked.filter(({ target }) => gone.has(tableName(target))).map(({ table }) => table);
}

export function leftOf(parts: readonly SeedPart[], router: Router): readonly TableName[] {
  return parts.flatMap(({ state, cursor, isWhole, table, target }) => {
    const to = router(table);
    const isSame = to?.database === target.database && to.name === target.name;
    return state === 'seeding' && (cursor !== null || isWhole) && !isSame ? [table] : [];
  });
}

export function seedProgressOf({ deps, work, target }: LoaderRun, seeds: Seeds): SeedProgressWriter {
  const { registry, tree, logger, io } = deps;
  return new SeedProgressWriter({
    read: () => io.target.readSeeds(target, work.uid),
    write: (progress) => registry.seedProgress.write(work.uid, progress),
    isFollowed: async () => (await tree.look()) === null,
    isOver: async (request) => {
      const order = (await registry.seeds.read(work.uid))?.document ?? null;
      return order === null || (order.id === request && order.state === 'cancelled');
    },
    end: async (request) => {
      await io.target.endSeeds(target, { pipeline: work.uid, request });
      seeds.endAll(request);
    },
    logger,
  });
}
