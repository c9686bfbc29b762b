/**
 * Files that rows of both sides name and that differ: the loader of the pipeline that brings them is told to fetch them (an entry of
 * lutra.file_missing), and places them between two transactions of its log, as it places files that came behind their rows. So nothing
 * else writes into a root, and a file whose source has other bytes than its row says stops no pipeline.
 */
import { keyTextOf } from '@lutra/files';
import { SyncError } from '@lutra/model';
import type { FileOutcome, RepairResult, Row, TableSchema, VerifiedTable } from '@lutra/model';
import { stillWanted, wantFiles } from '@lutra/mysql';
import type { MissingFileRow, Queries } from '@lutra/mysql';
import { sleep } from '@lutra/runtime';
import type { VerifiedPipeline } from '../assignments.js';
import type { FoundFiles, KeptFile } from '../files/found-files.js';
import { hasEqualRows, verdictWith } from '../files/verify-files.js';
import type { FilesOf } from '../files/verify-files.js';
import { keyOf, namesOf } from '../pass.js';
import { groups } from '../sieve-ranges.js';
import type { ListedPair } from '../table-list.js';
import type { RepairMethod } from './method.js';
import type { RoundOptions } from './repair-round.js';

export type RepairSaid = Parameters<RoundOptions['told']>[0];

interface Side {
  readonly queries: Queries;
  /** As its row events have it. */
  readonly schema: TableSchema;
}

export interface FileTable {
  readonly pair: ListedPair;
  readonly method: RepairMethod | string;
  readonly found: Pick<FoundFiles, 'read' | 'remove' | 'problem'>;
  readonly source: Side;
  readonly target: Side;
}

export interface FileRepairsOptions extends Pick<RoundOptions, 'look' | 'told'> {
  /** What was said last. */
  readonly said: RepairSaid;
  readonly files: FilesOf;
  readonly pollMs: number;
  /** Without one that has come. */
  readonly patienceMs?: number;
  readonly signal: AbortSignal;
}

type Counts = NonNullable<RepairResult['files']>;

const mostCompared = 1_000;

export class FileRepairs {
  readonly #options: FileRepairsOptions;
  #said: RepairSaid;
  readonly #before: Counts;
  #now: Counts = { repaired: 0, refused: 0, left: 0 };

  constructor(options: FileRepairsOptions) {
    this.#options = options;
    this.#said = options.said;
    this.#before = options.said.files ?? this.#now;
  }

  get said(): RepairSaid {
    return this.#said;
  }

  get repaired(): number {
    return this.#now.repaired;
  }

  /** @throws SyncError FILES_*, as the servers */
  async repair(table: FileTable): Promise<void> {
    const all = await table.found.read();
    const wanted = all.map((file) => ({ file, by: wayOf(table, file) }));
    const brought = Map.groupBy(wanted, ({ by }) => by);
    this.#now = { ...this.#now, left: this.#now.left + all.length };
    const asked = new Set<KeptFile>();
    for (const [by, some] of brought) {
      const files = some.map(({ file }) => file);
      if (typeof by === 'string') await table.found.problem(files, by);
      else for (const file of await this.#asked(table, by, files)) asked.add(file);
    }
    for (const [by, some] of brought) {
      const files = some.flatMap(({ file }) => (asked.has(file) ? [file] : []));
      if (typeof by !== 'string') await this.#until(sideOf(table, by).queries, by, files);
    }
    const repaired = await this.#compared(table, [...asked]);
    await table.found.remove(repaired);
    const gone = new Set(repaired);
    const { repaired: done, refused, left } = this.#now;
    const open = all.length - repaired.length;
    this.#now = { repaired: done + repaired.length, refused: refused + open, left: left - all.length };
    await this.#told(null, { pair: table.pair, left: all.filter((file) => !gone.has(file)) });
  }

  /** Those that the loader can be told of. */
  async #asked(table: FileTable, by: VerifiedPipeline, files: readonly KeptFile[]): Promise<readonly KeptFile[]> {
    const asked = new Map<KeptFile, MissingFileRow>();
    for (const file of files) {
      const entry = entryOf(table, by, file);
      if (typeof entry === 'string') await table.found.problem([file], entry);
      else asked.set(file, entry);
    }
    await wantFiles(sideOf(table, by).queries, by.uid, [...asked.values()]);
    return [...asked.keys()];
  }

  /** The loader has placed them, or has found that no row names them any more. */
  async #until(queries: Queries, by: VerifiedPipeline, files: readonly KeptFile[]): Promise<void> {
    const { look, pollMs, patienceMs = 120_000, signal } = this.#options;
    let [before, since] = [Infinity, Date.now()];
    for (;;) {
      const { length: left } = await stillWanted(queries, by.uid, files);
      if (left === 0) return;
      if (left < before) [before, since] = [left, Date.now()];
      if (Date.now() - since > patienceMs) return;
      await look();
      await this.#told(`pipeline ${by.name}, which has ${left} files to fetch`);
      await sleep(pollMs, signal);
    }
  }

  /** That are equal now. Of the others it is said what they are. */
  async #compared({ pair, found }: FileTable, files: readonly KeptFile[]): Promise<readonly KeptFile[]> {
    const { source, target } = pair.pipeline;
    const service = this.#options.files(target.region);
    const equal: KeptFile[] = [];
    for (const [root, all] of Map.groupBy(files, (file) => file.root)) {
      for (const some of groups(all, mostCompared)) {
        const asked = some.map(({ path, hash }) => ({ path, hash }));
        const { differs } = await service.compare({ sourceRegion: source.region, root, files: asked });
        equal.push(...some.filter((_, i) => differs[i] === null));
        for (const [how, left] of Map.groupBy(some.entries(), ([i]) => differs[i] ?? null))
          if (how !== null)
            await found.problem(
              [...left].map(([, file]) => file),
              `it was asked for, and is still: ${how}`,
            );
      }
    }
    return equal;
  }

  async #told(waitingFor: string | null, done?: { readonly pair: ListedPair; readonly left: readonly KeptFile[] }): Promise<void> {
    const { repaired, refused, left } = this.#now;
    const tables = done ? this.#said.tables.map((table) => (isOf(done.pair, table) ? repairedFiles(table, done.left) : table)) : null;
    const files = { repaired: this.#before.repaired + repaired, refused, left };
    this.#said = { ...this.#said, files, waitingFor, ...(tables && { tables }) };
    await this.#options.told(this.#said);
  }
}

/** Which pipeline brings it. A text: none does. Of a file that one side lacks, the other side's is taken, whoever wins. */
function wayOf({ method, pair: { pipeline } }: FileTable, { outcome }: KeptFile): VerifiedPipeline | string {
  if (typeof method === 'string') return method;
  switch (outcome) {
    case 'file-not-here':
      return pipeline;
    case 'file-not-there':
      return (method.by.uid === pipeline.uid ? method.back : method.by) ?? 'the source does not have it, and nothing flows back';
    case 'file-different':
      return method.by;
    case 'file-missing':
      return 'neither side has it';
    case 'file-orphan':
      return 'no row names it';
  }
}

/** Where the pipeline writes. */
function sideOf({ pair, source, target }: FileTable, by: VerifiedPipeline): Side {
  return by.uid === pair.pipeline.uid ? target : source;
}

function entryOf({ pair, source, target }: FileTable, by: VerifiedPipeline, file: KeptFile): MissingFileRow | string {
  const isForth = by.uid === pair.pipeline.uid;
  const { schema } = isForth ? source : target;
  try {
    const key = JSON.stringify(keyTextOf(schema)(keyAt(schema, file.key)));
    return { root: file.root, path: file.path, sha256: file.hash, table: isForth ? pair.source : pair.target, key };
  } catch (thrown) {
    if (thrown instanceof SyncError && thrown.code === 'FILE_PATH_INVALID') return `${thrown.code}: ${thrown.message}`;
    throw thrown;
  }
}

/** Names of columns may have another case there. */
function keyAt({ primaryKey }: TableSchema, key: Row): Row {
  const values = new Map(Object.entries(key).map(([name, value]) => [name.toLowerCase(), value]));
  return Object.fromEntries(primaryKey.map((name) => [name, values.get(name.toLowerCase()) ?? null]));
}

function isOf(pair: ListedPair, table: VerifiedTable): boolean {
  return keyOf(namesOf(pair)) === keyOf(table);
}

function repairedFiles(table: VerifiedTable, left: readonly KeptFile[]): VerifiedTable {
  if (!table.files) return table;
  const count = (outcome: FileOutcome): number => left.filter((file) => file.outcome === outcome).length;
  const files = {
    ...table.files,
    missingHere: count('file-not-here'),
    missingThere: count('file-not-there'),
    missing: count('file-missing'),
    different: count('file-different'),
  };
  const verdict = hasEqualRows(table) ? verdictWith({ ...table, verdict: 'equal', files }) : table.verdict;
  return { ...table, files, verdict };
}
