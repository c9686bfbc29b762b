/** What a run does with the records of its log that are about seeding: where a table begins and ends, chunks, and the rows of chunks. */
import type { ChunkRecord, ControlRecord, SeedRecord } from '@lutra/model';
import type { LoaderWork } from '../assignments.js';
import type { RecordPosition, Step } from '../read/log-reader.js';
import type { Stages } from '../stages.js';
import { ChunkAssembly } from './chunk-assembly.js';
import type { SeedStep } from './seeding.js';
import type { Chunk } from './chunk-assembly.js';

type RowStep = Pick<Extract<Step, { kind: 'row' }>, 'table' | 'event' | 'position'>;

/** Where a row lies: amid a transaction of another pipeline, amid a chunk, or last of either. */
export type Lies = 'amid' | 'open' | 'between';

export class SeedLog {
  /** Rows that were read at the source, until all of them are here: nothing that lies amid them is saved. */
  readonly #chunks = new ChunkAssembly();
  readonly #uid: string;

  /** `uid`: of the pipeline. */
  constructor(uid: string) {
    this.#uid = uid;
  }

  /** The rows of a chunk have not come yet. */
  get open(): boolean {
    return this.#chunks.open;
  }

  /** What is open is void. */
  discard(): void {
    this.#chunks.discard();
  }

  /** A row of a chunk. Of another pipeline's, or of one that is void, nothing but the position counts. A promise only where one waits. */
  row(stages: Stages, step: RowStep): Promise<Lies> | Lies {
    const { table, event, position } = step;
    const isOpen = this.#chunks.open;
    const chunk = this.#chunks.row(table, event, position);
    const isTaken = chunk !== null || (isOpen && this.#chunks.open);
    if (isTaken && !chunk && !stages.applier.tableRows.open) return 'open';
    return this.#end(stages, step, { chunk, isTaken });
  }

  async #end(
    stages: Stages,
    { table, event, position }: RowStep,
    { chunk, isTaken }: { readonly chunk: Chunk | null; readonly isTaken: boolean },
  ): Promise<Lies> {
    const { applier } = stages;
    if (applier.tableRows.open) await (isTaken ? applier.tableRows.row(table, event, position) : applier.discard());
    if (chunk) {
      stages.progress.row(event, position);
      await this.#chunk(stages, chunk);
      return 'between';
    }
    if (isTaken) return 'open';
    if (!event.transaction.last) return 'amid';
    stages.applier.passed(position);
    return 'between';
  }

  /** Its rows follow, and nothing is saved before them; or it is done already. */
  async chunk(stages: Stages, { control, position }: { control: ChunkRecord; position: RecordPosition }): Promise<Lies> {
    const { applier, routes } = stages;
    if (applier.tableRows.open) await applier.discard();
    const chunk = this.#chunks.begin(control, position);
    if (control.purpose === 'table') {
      routes.requireProven();
      await applier.tableRows.begin(control, position);
    }
    if (!chunk) return 'open';
    stages.progress.resolution(control, position);
    await this.#chunk(stages, chunk);
    return 'between';
  }

  async #chunk({ routes, applier, seedProgress }: Stages, chunk: Chunk): Promise<void> {
    const { record } = chunk;
    const isTicked = (record.purpose === 'seed' || record.purpose === 'table') && record.pipelines.includes(this.#uid);
    if (record.purpose === 'table') return isTicked ? seedProgress.changed(true) : undefined;
    routes.requireProven();
    await applier.chunk(chunk, () => isTicked && seedProgress.changed(record.part?.to === null));
  }
}

/** Null: it is not this pipeline's. `isCreated`: the target lacked the table. */
export async function applySeed(
  { routes, applier, progress, seeding, seedProgress }: Stages,
  control: SeedRecord,
  position: RecordPosition,
): Promise<Pick<SeedStep, 'isCreated' | 'hasWaited'> | null> {
  const table = { database: control.database, name: control.table };
  // What is ticked off of it is asked at the target.
  await applier.committed(table);
  const step = await seeding.step(control, position);
  if (!step) return null;
  routes.requireProven();
  progress.resolution(control, position);
  await applier.write({ table, text: step.text, position, committed: () => seedProgress.changed(control.phase !== 'begin') });
  return step;
}

/** Behind all that came before. */
export async function untickLeaving(
  { applier, seeding, seedProgress }: Stages,
  control: Extract<ControlRecord, { kind: 'routes' }>,
): Promise<void> {
  const left = seeding.leaving(control);
  if (left.length === 0) return;
  await applier.flush();
  await applier.drained();
  await seeding.untick(left);
  seedProgress.changed(true);
}

/** Other regions may have changed a table that was created in their logs already, and the windows took no notice. */
export function mustOpenAnew(
  { isCreated, hasWaited }: Pick<SeedStep, 'isCreated' | 'hasWaited'>,
  { detector }: Pick<LoaderWork, 'detector'>,
): boolean {
  return (isCreated && (detector?.otherWriters.length ?? 0) > 0) || (hasWaited && detector !== null);
}
