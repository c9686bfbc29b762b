/** What one record of the log means: for routes and suspended tables first, then for the applier. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RawRecord } from '@lutra/bus';
import { toSyncError } from '@lutra/model';
import type { ControlRecord, LogRecord, TableName } from '@lutra/model';
import type { Applier } from '../assemble/applier.js';
import type { Resolution } from '../conflict/resolve/resolution.js';
import { DdlRoom } from '../ddl/ddl-room.js';
import { Edits } from '../edits.js';
import type { LoaderRun, Owned } from '../loader-run.js';
import { suspend } from '../plan/suspending.js';
import { applySeed, mustOpenAnew, SeedLog, untickLeaving } from '../seed/seed-log.js';
import type { Lies } from '../seed/seed-log.js';
import type { Stages } from '../stages.js';
import { LogReader } from './log-reader.js';
import type { RecordPosition, Step } from './log-reader.js';
import { followRoutes } from './other-routes.js';

/** Of a record whose decoding is worth a turn of the event loop. */
const largeBytes = 1024 * 1024;
/** A pipeline without rows still saves its position now and then, so that retention does not pass it. */
const saveProgressMs = 10 * 60 * 1000;
/** Loaders of other pipelines wait for our position. */
const saveProgressForOthersMs = 1_000;

export class LogApplier {
  readonly #run: LoaderRun;
  readonly #edits: Edits;
  #stages: Stages;
  /** Of the last record that lies between two transactions. */
  #between: RecordPosition;
  /** Of the batch's last record, if it lies between two transactions. */
  #passed: RecordPosition | null = null;
  readonly #seedLog: SeedLog;
  readonly #ddl: DdlRoom;
  #savedAt = Date.now();
  #ended = false;

  constructor(run: LoaderRun, stages: Stages, owned: Owned) {
    const { logId: log, logEpoch, seq, nextOffset } = owned.checkpoint;
    this.#run = run;
    this.#stages = stages;
    this.#edits = new Edits(run, owned.writer);
    this.#seedLog = new SeedLog(run.work.uid);
    const onStages = (next: Stages): void => void (this.#stages = next);
    this.#ddl = new DdlRoom({ run, owned, stages: () => this.#stages, onStages, edited: () => this.#offered() });
    this.#between = { log, logEpoch, seq, nextOffset };
  }

  /** Of now. */
  get applier(): Applier {
    return this.#stages.applier;
  }

  /** Where to subscribe. */
  get startOffset(): number {
    return this.#stages.reader.startOffset;
  }

  /** True: a suspension has ended. The windows of conflict detection begin anew, with the tables that came back. */
  async batch(batch: readonly RawRecord[]): Promise<boolean> {
    const { progress } = this.#stages;
    if (batch.length > 0) progress.batch(batch);
    await this.#offered();
    await this.#files();
    for (const raw of batch) {
      // Most need no turn of the event loop.
      const done = this.#record(raw);
      if (done) await done;
      if (this.#ended) return true;
      if (this.#edits.isDue(this.#stages)) await this.#edited();
    }
    progress.batchDone(this.applier, batch.at(-1));
    await this.applier.flush();
    await this.#saveProgress(this.#run.work.detector?.otherWriters.length ? saveProgressForOthersMs : saveProgressMs);
    return false;
  }

  /** Files that came behind their rows are placed; and no more is read ahead than there is room for. */
  async #files(): Promise<void> {
    const { files, applier } = this.#stages;
    if (!files) return;
    if (files.hasLate && this.applier.between && !this.#seedLog.open) await applier.aside(() => ({ comes: files.late(), leaves: [] }));
    const room = files.hasRoom();
    if (room) await this.#run.during('files that rows name: too many are asked for to read on', () => room);
  }

  /** Back to the first row of a large transaction that met a conflict, or lacked files. @throws `thrown`, if that is anything else */
  async again(thrown: unknown): Promise<void> {
    const { resolved, readAhead, topic, admin, signal, deps, during, kafkaName } = this.#run;
    const { conflict = false, transaction, files = false } = toSyncError(thrown).refused;
    if (!transaction || signal.aborted || (!files && (!conflict || resolved.has(transaction.seq)))) throw thrown;
    const { seq } = transaction;
    if (files) readAhead.set(seq, (readAhead.get(seq) ?? 0) + 1);
    if (conflict) resolved.add(seq);
    const why = files ? 'has waited for its files: it begins once more' : 'met a conflict: it begins once more, and is resolved row by row';
    deps.logger.info({ seq }, `a large transaction ${why}`);
    // What was read behind it is read again: its place must not be saved in front of that.
    this.#passed = null;
    this.#stages.progress.discarded();
    this.#seedLog.discard();
    await this.applier.discard();
    const checkpoint = await this.applier.settled(false);
    const { start } = await during(kafkaName, () => admin.offsets(topic));
    this.#stages = { ...this.#stages, reader: new LogReader(topic, checkpoint, start) };
  }

  async #offered(): Promise<void> {
    await this.#edits.lookBack(this.#stages, this.#between);
    await this.#edited();
  }

  /** What is due comes into force, unless a transaction is open. */
  async #edited(): Promise<void> {
    const isDue = (): boolean => this.#edits.isDue(this.#stages) && this.applier.between && !this.#seedLog.open;
    while (isDue()) this.#stages = await this.#edits.take(this.#stages);
  }

  /** A promise only where there is something to wait for. */
  #record(raw: RawRecord): Promise<void> | void {
    if ((raw.value?.length ?? 0) > largeBytes) return this.#large(raw);
    const decoded = this.#run.decoder.decode(raw);
    return decoded instanceof Promise ? this.#later(decoded) : this.#take(decoded);
  }

  #take(record: LogRecord): Promise<void> | void {
    const step = this.#stages.reader.accept(record);
    switch (step.kind) {
      case 'row':
        return this.#row(step);
      case 'control':
        return this.#control(step);
      case 'passed':
        return this.#pass(step.position);
      case 'discard':
        this.#stages.progress.discarded();
        this.#seedLog.discard();
        return this.#stages.applier.discard();
      case 'nothing':
    }
  }

  async #pass(position: RecordPosition): Promise<void> {
    await this.#void();
    this.#passed = position;
    this.#stages.applier.passed(position);
  }

  /** Rows of a chunk that anything else follows: nothing of them may stay. */
  async #void(): Promise<void> {
    this.#seedLog.discard();
    if (this.applier.tableRows.open) await this.applier.discard();
  }

  async #large(raw: RawRecord): Promise<void> {
    await nextTurn();
    const decoded = this.#run.decoder.decode(raw);
    // It has had its turns. Nobody may wait for anything else meanwhile: what fails while nobody waits for it ends the process.
    await (decoded instanceof Promise ? this.#later(decoded) : this.#take(decoded));
  }

  /** Its schema is not known here yet. */
  async #later(decoded: Promise<LogRecord>): Promise<void> {
    await this.#take(await this.#run.during('the schema of a record (ZooKeeper or the schema registry)', () => decoded));
  }

  /** Progress alone, if none was saved for so long. */
  async #saveProgress(afterMs: number): Promise<void> {
    const { routes, applier } = this.#stages;
    const passed = this.#passed;
    this.#passed = null;
    if (!passed || !routes.isProven || Date.now() - this.#savedAt <= afterMs) return;
    await applier.saveProgress(passed);
    this.#savedAt = Date.now();
  }

  #row(step: Extract<Step, { kind: 'row' }>): Promise<void> | void {
    const { table, event, position } = step;
    const { routes, progress, applier } = this.#stages;
    if (event.op !== 'r' && applier.tableRows.open) return this.#void().then(() => this.#row(step));
    if (event.op === 'r') return this.#seeded(this.#seedLog.row(this.#stages, step), position);
    this.#seedLog.discard();
    // Rows of other pipelines' tables move the position as well; on a busy topic hardly a batch ends with a control record.
    this.#passed = event.transaction.last ? position : null;
    if (event.transaction.last) this.#between = position;
    routes.requireProven();
    progress.row(event, position);
    return applier.row(table, event, position);
  }

  #seeded(lying: Promise<Lies> | Lies, position: RecordPosition): Promise<void> | void {
    if (typeof lying !== 'string') return lying.then((lies) => this.#lies(lies, position));
    this.#lies(lying, position);
  }

  #lies(lies: Lies, position: RecordPosition): void {
    if (lies === 'amid') this.#passed = null;
    if (lies !== 'between') return;
    this.#passed = position;
    this.#between = position;
  }

  async #control({ control, position }: Extract<Step, { kind: 'control' }>): Promise<void> {
    const { deps } = this.#run;
    if (control.kind === 'chunk') return this.#seeded(this.#seedLog.chunk(this.#stages, { control, position }), position);
    await this.#void();
    this.#edits.follow(control, position);
    try {
      if (this.#stages.routes.differs(control)) await this.#otherRoutes(control);
    } finally {
      if (control.kind === 'routes') await untickLeaving(this.#stages, control);
    }
    const { routes, progress, applier, detection, isLeftOut } = this.#stages;
    this.#passed = position;
    this.#between = position;
    const ended = await suspend({ ...this.#stages, status: deps.status }, control, position);
    if (control.kind === 'resolution' && detection?.concerns(control) && !isLeftOut(remedied(control))) {
      routes.requireProven();
      progress.resolution(control, position);
      await applier.resolution(control, position);
    } else if (control.kind === 'seed') {
      const step = await applySeed(this.#stages, control, position);
      if (!step) applier.passed(position);
      if (step !== null && mustOpenAnew(step, this.#run.work)) {
        await applier.flush();
        this.#ended = true;
      }
    } else if (control.kind === 'barrier' && routes.isProven && control.pipelines.includes(this.#run.work.uid))
      await applier.saveProgress(position);
    else if (control.kind === 'ddl') await this.#ddl.come(control, position);
    else applier.passed(position);
    progress.control(control, position);
    // What is written here from now on has seen what the log left out.
    if (detection && control.kind === 'routes' && routes.isProven) await applier.saveProgress(position);
    this.#ended ||= detection !== null && ended;
  }

  /** What lies before the record is applied in any case; nothing behind it, before we know who is behind. */
  async #otherRoutes(control: Extract<ControlRecord, { kind: 'routes' }>): Promise<void> {
    await this.applier.flush();
    await this.applier.drained();
    const onStages = (stages: Stages): void => void (this.#stages = stages);
    await followRoutes({ run: this.#run, edits: this.#edits, onStages }, this.#stages, control);
  }
}

function remedied({ database, table }: Resolution): TableName {
  return { database, name: table };
}
