/** What a verification says of a pair of tables beside its rows: the files that they name. */
import type { FilesService } from '@lutra/files';
import { createRouter, differingFiles, SyncError } from '@lutra/model';
import type { FileRule, VerifiedTable } from '@lutra/model';
import { asSource, ownKeyed } from '@lutra/mysql';
import type { DigestPlan, Session, TargetTable } from '@lutra/mysql';
import type { ListedPair } from '../table-list.js';
import { ServerPair } from '../table-pair.js';
import { compareFiles } from './compare-files.js';
import type { ComparedFiles, FilesVerification } from './compare-files.js';
import { FoundFiles } from './found-files.js';
import type { FoundAt } from './found-files.js';
import { namingTable } from './file-rows-pair.js';

/** The files apps of a region. */
export type FilesOf = (region: string) => Pick<FilesService, 'compare' | 'list'>;

export interface FilesOfPair extends FoundAt {
  readonly pair: ListedPair;
  readonly from: TargetTable;
  readonly plan: DigestPlan;
  readonly source: Session;
  readonly target: Session;
  readonly request: string;
  readonly where: string | null;
  readonly files: FilesOf;
  readonly crossed: () => Promise<string | null>;
  readonly between: () => Promise<void>;
}

/** Of a note: nothing is known of some files. */
export const uncompared = 'its files are not compared: ';
const noFiles = { named: 0, missingHere: 0, missingThere: 0, missing: 0, different: 0, unsettled: 0 };

export function fileRulesOf({ pipeline, source }: Pick<ListedPair, 'pipeline' | 'source'>): readonly FileRule[] {
  return createRouter(pipeline.routes).filesOf(source);
}

/** Null: no rule is about the table. What keeps files from being compared keeps no rows from it. */
export async function verifyFiles(of: FilesOfPair): Promise<ComparedFiles | null> {
  const rules = fileRulesOf(of.pair);
  if (rules.length === 0) return null;
  try {
    const compared = await compareFiles(comparisonOf(of, rules));
    await foundFilesOf(of).keep(compared.found, of);
    return compared;
  } catch (thrown) {
    if (!(thrown instanceof SyncError) || !/^FILES?_/.test(thrown.code)) throw thrown;
    return { counts: noFiles, found: [], notes: [`${uncompared}${thrown.code}: ${thrown.message}`] };
  }
}

export function foundFilesOf({ pair, request, target }: Pick<FilesOfPair, 'pair' | 'request' | 'target'>): FoundFiles {
  return new FoundFiles(target, { pipeline: pair.pipeline.uid, request, table: pair.source });
}

/** @throws SyncError FILE_PATH_INVALID */
function comparisonOf(of: FilesOfPair, rules: readonly FileRule[]): FilesVerification {
  const { source, target, where, plan, crossed, between } = of;
  const { paths, plan: naming } = namingTable(rules, asSource(ownKeyed(of.from)), plan);
  const { source: from, target: to } = of.pair.pipeline;
  const service = of.files(to.region);
  return {
    paths,
    naming: new ServerPair({ plan: naming, source, target, where }),
    pair: new ServerPair({ plan, source, target, where }),
    compare: async (root, files) =>
      (await service.compare({ sourceRegion: from.region, root, files: files.map(({ path, hash }) => ({ path, hash })) })).differs,
    crossed,
    between,
  };
}

type Rows = Pick<VerifiedTable, 'verdict' | 'notes'>;

/** What is known of the rows, and of the files that they name. */
export function withFiles<T extends Rows>(rows: T, compared: ComparedFiles | null): T & Pick<VerifiedTable, 'files'> {
  if (!compared) return rows;
  const { counts: files, notes } = compared;
  return { ...rows, files, notes: [...rows.notes, ...notes], verdict: verdictWith({ verdict: rows.verdict, files, notes }) };
}

/** Of rows that are equal, with their files. What else was said of rows stands. */
export function verdictWith({ verdict, files, notes }: Rows & Pick<VerifiedTable, 'files'>): VerifiedTable['verdict'] {
  if (!files || verdict !== 'equal') return verdict;
  if (differingFiles(files) > 0) return 'different';
  return files.unsettled > 0 || notes.some((note) => note.startsWith(uncompared)) ? 'unsettled' : verdict;
}

/** Whatever is said of their files. */
export function hasEqualRows(table: VerifiedTable): boolean {
  const { verdict, missingHere, missingThere, different, extra, ranges } = table;
  return verdict === 'equal' || (verdict === 'different' && missingHere + missingThere + different + extra + ranges === 0);
}
