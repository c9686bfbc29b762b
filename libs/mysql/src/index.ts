export { checkSource } from './check-source.js';
export type { SourceFacts } from './check-source.js';
export { checkTarget } from './check-target.js';
export type { DdlUse, TargetFacts } from './check-target.js';
export { ApplyConnection } from './apply-connection.js';
export { conflictKind, translateError } from './errors.js';
export type { ConflictKind, Side } from './errors.js';
export { quoteName, quoteTable, quoteText } from './literal.js';
export { readGrants } from './grants.js';
export { compareDefinitions } from './compare-definitions.js';
export type { Definitions } from './compare-definitions.js';
export { matchTables, tableDifferences } from './match-tables.js';
export { moveCheckpoint } from './move-checkpoint.js';
export type { Destination, Move } from './move-checkpoint.js';
export { fence, readCheckpoint, sayRoutes, takeOver } from './ownership.js';
export type { TakenOver, TakeOver } from './ownership.js';
export {
  identicalRows,
  keyOfRow,
  planRows,
  samenessOf,
  sameValue,
  sameKey,
  sameRows,
  sameRowsBeside,
  toRow,
  toRowBeside,
} from './row-plan.js';
export type { RowPlan } from './row-plan.js';
export { deleteRow, holdersQueries, insertRow, readRowQuery, readRowsQueries, rowsWhereQuery, updateRow } from './row-statements.js';
export type { BatchQueries, ConnectionOptions, Queries, Result, ResultRow } from './session-options.js';
export { computedElsewise } from './decided-session.js';
export { sessionTextOf } from './source-session.js';
export type { SessionText, Under } from './source-session.js';
export { inPieces, joined, stagedOf } from './sql-text.js';
export { Staging } from './staged-values.js';
export type { ExactText } from './expected-rows.js';
export type { Mark, SqlText } from './sql-text.js';
export { makeReady } from './large-rows.js';
export { differing, StatementBuilder } from './statement-builder.js';
export type { Change } from './statement-builder.js';
export { requireReplayable } from './safe-plan.js';
export { loadForApply } from './load-for-apply.js';
export { letOrphansGo, stillLeaving } from './orphan-files.js';
export type { OrphanFile } from './orphan-files.js';
export { lastPlaced } from './placed-files.js';
export type { LastPlaced } from './placed-files.js';
export { inheritLeaving, othersPlacing } from './removed-placings.js';
export { baseTables, isFileNamed, mayName, tablesWithColumnsOf } from './file-names.js';
export { beginFilePlacing, filesTexts, leftText, readFilePlacing, readLeavingFiles, readMissingFiles } from './file-store.js';
export { stillWanted, wantFiles } from './wanted-files.js';
export type { FilesWritten, LeavingFile, MissingFileRow } from './file-store.js';
export { letFilesGo } from './letting-go.js';
export type { Naming } from './letting-go.js';
export { readSuspended, tiedTables, writeSuspended } from './suspended-tables.js';
export type { SuspensionChange, SuspensionPosition } from './suspended-tables.js';
export { asSource, loadTable, loadTables } from './target-table.js';
export type { ForeignKey, TargetColumn, TargetTable, UniqueKey } from './target-definition.js';
export type { Dropped } from './widening.js';
export { losesKey, narrowing } from './widening.js';
export { closingText, openingText, transactionText, uncommittedText } from './transaction-text.js';
export type { Beginning } from './transaction-text.js';
export { TableDefinitions } from './table-definitions.js';
export type { Remembered } from './definition-check.js';
export type { Problem } from './problem.js';
export { numberOverlap } from './check-auto-increment.js';
export type { NumberSeries } from './check-auto-increment.js';
export { triggerProblems } from './check-triggers.js';
export { keyed, ownKeyed } from './keyed.js';
export { Session } from './session.js';
export { Collations } from './sort-keys.js';
export type { SortKeys } from './sort-keys.js';
export { isSameServer } from './server-identity.js';
export { askFor, conflictKeysOf, foughtFor, keysOf, primaryConflictKey, primaryKeyOf, uniqueConflictKeys } from './conflict-keys.js';
export type { ConflictKey, KeyCollations, Keys } from './conflict-keys.js';
export { beginSeed, endOtherSeeds, endSeed, endSeeds, isSeedWhole, noCounts, readSeeds, tickSeed } from './seed-store.js';
export { awaitSeed, awaitSeedNoMore, untickSeeds } from './seed-waiting.js';
export { asideDefinition, asideObstacles } from './aside-look.js';
export { hasLeft, readDropped, readKept, wasLeftOutSince } from './ddl-history.js';
export type { DroppedTable } from './ddl-history.js';
export { beingSeededQuery, unequalQuery, unequalStoresQuery } from './unequal-tables.js';
export type { SeedCounts, SeedOf, SeedPart, Tick } from './seed-store.js';
export {
  differenceRequestsQuery,
  differencesQuery,
  differenceText,
  differentQuery,
  maxDifferences,
  problemText,
  settledText,
  roundPrefix,
} from './differences.js';
export type { Difference, DifferenceOf, DifferenceOutcome, ListedOf } from './differences.js';
export { Kept } from './kept.js';
export { createMark, createTable, creatingAt, missingTables } from './create-table.js';
export type { CreateStatement, Creating, TableToCreate } from './create-table.js';
export type { DigestedSide } from './digest-column.js';
export { boundaryQuery, digestQuery, hashesQuery, keyIn, planDigest, readDigest, rowsByKeyQuery, rowsQuery, sameDigest } from './digest.js';
export type { Digest, DigestPlan } from './digest.js';
export type { KeyRange } from './key-order.js';
export { allRowsQuery, amountQuery, chunkRow, chunkRowsQuery, keyOfChunkRow, planChunks, rangeQuery, sizesQuery } from './chunk-plan.js';
export { leastRowsOfPart, partEnds } from './part-ends.js';
export type { ChunkPlan, ChunkRange } from './chunk-plan.js';
export { DdlConnection } from './ddl-connection.js';
export type { DdlRun } from './ddl-connection.js';
export type { DdlFailure } from './ddl-failure.js';
export {
  blockersOf,
  defaultCollation,
  definitionsOf,
  hasRows,
  isSessionThere,
  isGone,
  isThere,
  progressOf,
  showsClauses,
  tableCollation,
  wholeDatabase,
} from './ddl-look.js';
export { ddlSettings } from './ddl-session.js';
export { ddlEnd, ddlIntent, gtidOf, hasRun, nextWitness, ofStore, readDdl, witnessPrefix } from './ddl-store.js';
export type { DdlOf, DdlRow, DdlRowState, DdlWitness } from './ddl-store.js';
