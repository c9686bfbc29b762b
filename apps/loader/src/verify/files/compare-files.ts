/**
 * The files that rows name which are on both sides: the target's rows are gone through by their key, and what they name is compared by the
 * files app there. Nothing is locked, so what differs at first may be on its way: it is compared again when all that was on its way has
 * arrived, and reported only where the rows of both sides name it before and after that.
 *
 * Counter-example to the rows at one time: the source's application deletes a row and then its file between the look at the row and the
 * look at the file. Of a path that is written over, the file may be ahead of its row, so there the whole row must be the same meanwhile.
 */
import type { CompareAnswer, FilePaths, NamedFile } from '@lutra/files';
import { rowToJson, SyncError } from '@lutra/model';
import type { FileOutcome, Row, VerifiedFiles } from '@lutra/model';
import { groups } from '../sieve-ranges.js';
import type { TablePair } from '../table-pair.js';

export interface FilesVerification {
  readonly paths: readonly FilePaths[];
  /** Of the columns that name files. */
  readonly naming: Pick<TablePair, 'rows' | 'keyOf'>;
  readonly pair: Pick<TablePair, 'rowsOf' | 'same'>;
  /** Of one root, at most 1,000; as CompareAnswer.differs. @throws SyncError FILE_*, FILES_* */
  readonly compare: (root: string, files: readonly NamedFile[]) => Promise<CompareAnswer['differs']>;
  /** Null: all that was on its way when it was called has arrived. */
  readonly crossed: () => Promise<string | null>;
  /** Before each piece of work. */
  readonly between: () => Promise<void>;
  readonly chunkRows?: number;
  readonly maxFound?: number;
}

export interface FoundFile extends NamedFile {
  readonly key: Row;
  readonly outcome: FileOutcome;
}

export interface ComparedFiles {
  readonly counts: VerifiedFiles;
  readonly found: readonly FoundFile[];
  readonly notes: readonly string[];
}

/** A file that a row names, by which rule. */
export interface RowFile extends NamedFile {
  readonly key: Row;
  readonly paths: FilePaths;
}

type Difference = NonNullable<CompareAnswer['differs'][number]>;

interface Differing {
  readonly file: RowFile;
  readonly how: Difference;
}

const mostOfOne = 1_000;
const lookRows = 20;
/** Kept in lutra.difference; the walk ends where there are more. */
const maxFound = 10_000;
const outcomeOf: Readonly<Record<Exclude<Difference, 'unstable'>, FileOutcome>> = {
  'missing-here': 'file-not-here',
  'missing-there': 'file-not-there',
  missing: 'file-missing',
  different: 'file-different',
};

export function compareFiles(of: FilesVerification): Promise<ComparedFiles> {
  return new Comparison(of).run();
}

/** Those that differ, and how. */
export async function differing(of: Pick<FilesVerification, 'compare'>, files: readonly RowFile[]): Promise<readonly Differing[]> {
  const found: Differing[] = [];
  for (const [root, all] of Map.groupBy(files, (file) => file.root)) {
    for (const some of groups(all, mostOfOne)) {
      const differs = await of.compare(root, some);
      if (differs.length !== some.length)
        throw new SyncError('INTERNAL', `a files app answered for ${differs.length} of ${some.length} files`);
      found.push(...some.flatMap((file, i) => (differs[i] ? [{ file, how: differs[i] }] : [])));
    }
  }
  return found;
}

class Comparison {
  readonly #of: FilesVerification;
  readonly #notes: string[] = [];
  #named = 0;
  #unsettled = 0;

  constructor(of: FilesVerification) {
    this.#of = of;
  }

  async run(): Promise<ComparedFiles> {
    const suspects = await this.#walk();
    const found = suspects.length === 0 ? [] : await this.#again(suspects.map(({ file }) => file));
    const count = (outcome: FileOutcome): number => found.filter((file) => file.outcome === outcome).length;
    const counts = {
      named: this.#named,
      missingHere: count('file-not-here'),
      missingThere: count('file-not-there'),
      missing: count('file-missing'),
      different: count('file-different'),
      unsettled: this.#unsettled,
    };
    return { counts, found, notes: this.#notes };
  }

  async #walk(): Promise<readonly Differing[]> {
    const { naming, between, chunkRows = 500, maxFound: most = maxFound } = this.#of;
    const found: Differing[] = [];
    for (let from: Row | null = null; ;) {
      await between();
      const rows: readonly Row[] = await naming.rows('target', { from, to: null }, chunkRows);
      const files = rows.flatMap((row) => this.#namedBy(row));
      this.#named += files.length;
      found.push(...(await differing(this.#of, files)));
      const last = rows.at(-1);
      if (!last || rows.length < chunkRows) return found;
      if (found.length >= most) {
        this.#unsettled += 1;
        this.#notes.push(`${found.length} files differed, and those of the rows behind were not compared`);
        return found;
      }
      from = naming.keyOf(last);
    }
  }

  #namedBy(row: Row): readonly RowFile[] {
    const { paths: all, naming } = this.#of;
    try {
      const key = naming.keyOf(row);
      return all.flatMap((paths) => paths.of(row).map((file) => ({ ...file, key, paths })));
    } catch (thrown) {
      if (!(thrown instanceof SyncError) || thrown.code !== 'FILE_PATH_INVALID') throw thrown;
      if (this.#unsettled === 0) this.#notes.push(`${thrown.code}: ${thrown.message}`);
      this.#unsettled += 1;
      return [];
    }
  }

  async #again(suspects: readonly RowFile[]): Promise<readonly FoundFile[]> {
    const why = await this.#of.crossed();
    if (why !== null) {
      this.#unsettled += suspects.length;
      this.#notes.push(`${suspects.length} files differ, and ${why}`);
      return [];
    }
    const before = await this.#rowsOf(suspects);
    const found = await differing(
      this.#of,
      suspects.filter((file) => before.has(file)),
    );
    const after = await this.#rowsOf(found.map(({ file }) => file));
    const reported: FoundFile[] = [];
    for (const { file, how } of found) {
      if (!after.has(file)) continue;
      const isSettled = before.get(file) !== null && before.get(file) === after.get(file);
      if (how === 'unstable' || !isSettled) this.#unsettled += 1;
      else reported.push(foundFile(file, outcomeOf[how]));
    }
    if (reported.length < found.length && this.#unsettled > 0)
      this.#notes.push(`${this.#unsettled} files changed while they were compared`);
    return reported;
  }

  /** Of the files that the rows of both sides name: what must be the same later. Null: the rows differ, where that counts. */
  async #rowsOf(files: readonly RowFile[]): Promise<ReadonlyMap<RowFile, string | null>> {
    const { pair, between } = this.#of;
    const rows = new Map<RowFile, string | null>();
    for (const some of groups(files, lookRows)) {
      await between();
      const keys = some.map(({ key }) => key);
      const [there, here] = await Promise.all([pair.rowsOf('source', keys), pair.rowsOf('target', keys)]);
      for (const [i, file] of some.entries()) {
        const [one, other] = [there[i]?.[0], here[i]?.[0]];
        if (!one || !other || !names(one, file) || !names(other, file)) continue;
        const { hash, immutable } = file.paths.rule;
        if (hash !== undefined || immutable) rows.set(file, '');
        else rows.set(file, (await pair.same(one, other)) ? rowToJson(one) : null);
      }
    }
    return rows;
  }
}

function names(row: Row, { paths, path, hash }: RowFile): boolean {
  return paths.formerly(row).some((file) => file.path === path && file.hash === hash);
}

function foundFile({ root, path, hash, key }: RowFile, outcome: FileOutcome): FoundFile {
  return { root, path, hash, key, outcome };
}
