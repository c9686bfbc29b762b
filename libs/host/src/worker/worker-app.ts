/**
 * An app that takes pieces of work from the configuration, each under its lease: capture by endpoint, the loader by pipeline. Any number of
 * processes may stand by.
 */
import type { ErrorCode } from '@lutra/model';
import type { Configuration, WorkerFiles } from '@lutra/registry';
import type { Leadership, Assignment, LiveWork } from '@lutra/runtime';
import type { WorkDeps } from './work-deps.js';

export type BesideDeps = Omit<WorkDeps, 'status'>;

/** Other work of the same process, which follows the configuration too. */
export interface Beside {
  /** Null: nothing is to be done. */
  follow(documents: Configuration | null, of: { readonly region: string; readonly only: readonly string[] | null }): void;
  close(): Promise<void>;
}

export interface WorkerApp<T> {
  readonly app: 'capture' | 'loader' | 'files';
  readonly port: number;
  /** Names the pieces of work that a process may take; null: all that it has. */
  readonly onlyVariable: string | null;
  /** Names of all pieces of work that the configuration has. */
  works(documents: Configuration): readonly string[];
  wanted(documents: Configuration, of: { readonly region: string; readonly only: readonly string[] | null }): Map<string, Assignment<T>>;
  /** ZooKeeper name of the lease. */
  lease(name: string, work: T): string;
  /** An operator wants it to rest: no lease is taken. */
  isPaused?(work: T): boolean;
  /** Codes of stops after which it is tried again by itself. */
  restartsAt?(work: T): readonly ErrorCode[];
  /** One attempt: works until it fails or the signal aborts. Takes what the configuration says when it begins, and what it says later. */
  run(deps: WorkDeps, work: LiveWork<T>, lead: Pick<Leadership, 'leaseNumber' | 'signal'>): Promise<void>;
  beside?(deps: BesideDeps): Beside;
  /** What a files app says of itself to others. Asked now and then. */
  files?(): WorkerFiles;
  /** Why the process is not ready, beyond what its pieces of work say. Must not throw. */
  trouble?(): string | null;
}
