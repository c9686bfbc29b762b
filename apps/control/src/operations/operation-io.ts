/** What the steps of an operation reach: ZooKeeper, the servers at both ends. Tests give it memory. */
import type { BarrierOrder, ChannelDocument, OperationFacts, PipelineDocument, Seen, WorkStatus } from '@lutra/model';
import type { BinlogEnd, ReadOnlyState } from '@lutra/mysql';
import type { Problem } from '../configuration/problem.js';

export interface Counted {
  readonly pipeline: string;
  readonly source: string;
  readonly target: string;
  readonly atSource: number | null;
  readonly atTarget: number | null;
}

export type AppliedPosition = { readonly log: string; readonly seq: number };

export interface ServerLook extends ReadOnlyState {
  readonly flavor: 'mysql' | 'mariadb';
  /** Lutra's user writes there although it is read only. */
  readonly isExempt: boolean;
  readonly account: string;
}

export interface OperationIo {
  channel(): Promise<ChannelDocument>;
  regionOf(endpoint: string): Promise<string>;
  statuses(): Promise<readonly WorkStatus[]>;
  level(): number;
  /** Everything that a start of the channel would be refused for. */
  look(endpoint: string): Promise<ServerLook>;
  /** Null: the user may not ask. */
  prepared(endpoint: string): Promise<readonly string[] | null>;
  end(endpoint: string): Promise<BinlogEnd>;
  /** Null: Lutra's user may not; @throws SyncError where it failed otherwise */
  setReadOnly(endpoint: string, isClosed: boolean): Promise<boolean>;
  barrier(id: string): Promise<BarrierOrder | null>;
  order(id: string, order: BarrierOrder): Promise<void>;
  withdraw(id: string): Promise<void>;
  /** Null: it has none. */
  checkpoint(pipeline: PipelineDocument): Promise<AppliedPosition | null>;
  count(pipeline: PipelineDocument): Promise<readonly Counted[]>;
  setHome(home: string | undefined): Promise<void>;
  setPaused(uids: readonly string[], paused: boolean): Promise<void>;
  now(): number;
}

export type { OperationFacts, Problem, Seen };
