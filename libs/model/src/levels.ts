/**
 * The cluster's level: one number for all formats that processes write for each other (records, documents, rows of `lutra.*`, events). No
 * process writes above it, so that two builds work together until a person raises it. It never falls.
 */
import { z } from 'zod';
import { SyncError } from './errors.js';

export interface Levels {
  /** Below it this build cannot write. */
  readonly min: number;
  readonly max: number;
}

/** Of this build. */
export const knownLevels: Levels = { min: 1, max: 5 };

/** What each level added, for people; `GET /api/v1/level` shows it. */
export const levelContents: ReadonlyMap<number, string> = new Map([
  [1, 'the formats of the first release'],
  [2, 'rows that are copied and compared: seeding, verification, repair'],
  [3, 'schema changes that follow the data; tables without any key are seeded'],
  [4, 'files that belong to rows'],
  [
    5,
    'the life of a channel: pipelines paused on their own, tables suspended by a person, barriers, standby servers; files that no row names are moved to the trash',
  ],
]);

/** The node `level` in ZooKeeper. */
export const levelSchema = z.strictObject({
  level: z.int().min(1),
  /** Who wrote it, for people. */
  by: z.string(),
  /** ms since 1970 */
  at: z.int().min(0),
});
export type Level = z.infer<typeof levelSchema>;

/** Why a build must not work in a cluster of this level; null: it may. */
export function levelTrouble(level: number, { min, max }: Levels): SyncError | null {
  if (level >= min && level <= max) return null;
  const knows = `this build knows levels ${min} to ${max}`;
  const code = level > max ? 'LEVEL_TOO_NEW' : 'LEVEL_TOO_OLD';
  return new SyncError(code, `the cluster is at level ${level}; ${knows}`, { details: { level, min, max } });
}

/** For what a reader meets and does not know. */
export const newerThanThisBuild = `written at a level newer than this build (it knows ${knownLevels.max})`;
