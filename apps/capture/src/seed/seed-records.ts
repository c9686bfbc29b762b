/** What the log says of the tables of an order: that they begin, and end. */
import type { Row, SeedRecord, TableName } from '@lutra/model';
import type { Log, LogFacts } from './chunk-records.js';

export interface SeedLog {
  readonly log: Log;
  readonly facts: LogFacts;
}

interface About extends Pick<SeedRecord, 'pipelines' | 'request' | 'onExisting'> {
  readonly name: TableName;
  /** Of its parts. */
  readonly ends: readonly Row[];
}

export type Told = Pick<SeedRecord, 'phase'> & Partial<Pick<SeedRecord, 'definition'>>;

/** Resolves to its seq. To be called where nothing else writes. */
export async function writeSeed({ log, facts }: SeedLog, { name, ends, ...about }: About, told: Told): Promise<number> {
  const { phase, definition = null } = told;
  const of = { ...about, endpoint: facts.endpoint, database: name.database, table: name.name };
  await log.control({ kind: 'seed', ...of, phase, definition, ends: phase === 'begin' ? ends : [], tsMs: Date.now() });
  return log.lastSeq;
}
