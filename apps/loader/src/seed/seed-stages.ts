/** What seeding takes in a run, put together. */
import type { TableName } from '@lutra/model';
import type { Detection } from '../conflict/detect/create-detector.js';
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
  isSuspended(table: TableName): boolean;
}

export function seedingOf({ deps, work, target }: LoaderRun, { checkpoint, writer }: Owned, parts: SeedingParts): Seeding {
  return new Seeding({
    ...parts,
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

export function seedProgressOf({ deps, work, target }: LoaderRun): SeedProgressWriter {
  const { registry, tree, logger, io } = deps;
  return new SeedProgressWriter({
    read: () => io.target.readSeeds(target, work.uid),
    write: (progress) => registry.seedProgress.write(work.uid, progress),
    isFollowed: async () => (await tree.look()) === null,
    logger,
  });
}
