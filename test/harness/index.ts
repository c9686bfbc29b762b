/**
 * The whole product on real servers, and a shop that is written on both sides: for demo, end-to-end tests and benchmarks. See README.md.
 */
export { Api, ApiError } from './api.js';
export type { ChannelAction, ChannelStatus, EndStatus, PipelineStatus, Problem } from './api.js';
export { AppProcess } from './app-process.js';
export type { AppName } from './app-process.js';
export { endOnSignal, readChoice, readNumber, readWords, runProgram, startLog, UsageError } from './command-line.js';
export { compareDatabases } from './compare.js';
export type { CompareOptions, Comparison, Difference } from './compare.js';
export { lutraPassword, lutraUser, prepareEndpoint, withAdministrator } from './endpoint-setup.js';
export { largeTransaction } from './large-transaction.js';
export { Random } from './random.js';
export { createShop, shopDatabase, shopTables, totalBalance } from './shop.js';
export { operations, usualMix } from './shop-operations.js';
export type { OperationName } from './shop-operations.js';
export { Secured } from './secured.js';
export { keyOffset, otherSide, sides } from './sides.js';
export type { Letter, Side } from './sides.js';
export { Stack, startStack } from './stack.js';
export type { Site } from './stack.js';
export type { ChannelOptions, Log, StackOptions } from './stack-options.js';
export { TransferReader } from './transfer-reader.js';
export type { TransferReport } from './transfer-reader.js';
export { startWorkload, Workload } from './workload.js';
export type { WorkloadOptions } from './workload.js';
export { addTally, emptyTotals, Rollback, sumTotals, Writer } from './writer.js';
export type { RowCounts, Tally, Totals, Transaction } from './writer.js';
export { differencesFromWritten, readTopic } from './topic.js';
export type { TopicOptions, TopicReport } from './topic.js';
