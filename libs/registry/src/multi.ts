/**
 * Several changes of nodes as one ZooKeeper transaction: all of them happen, or none. The library's own `setData`, `check` and `remove`
 * take version 0 for "any version" (`version || -1`), so a transaction made for a new node would overwrite a later one. We fill `ops`
 * ourselves.
 */
import { SyncError } from '@lutra/model';
import type { Acl, TransactionOp } from 'node-zookeeper-client';
import zookeeper from 'node-zookeeper-client';

/** `version`: the one that the node must have; `anyVersion` where it does not matter. */
export type Operation =
  | { readonly type: 'create'; readonly path: string; readonly data: Buffer }
  | { readonly type: 'set'; readonly path: string; readonly data: Buffer; readonly version: number }
  | { readonly type: 'remove'; readonly path: string; readonly version: number }
  | { readonly type: 'check'; readonly path: string; readonly version: number };

/** After which the node holds `data`. */
export type Written = Extract<Operation, { readonly data: Buffer }>;

export const anyVersion = -1;

/** Which operation ZooKeeper refused, and why. Nothing was changed then. */
export interface Refused {
  readonly operation: Operation;
  /** exists · absent (of a creation: the node above) · version · children: a node with nodes below cannot be removed */
  readonly why: 'exists' | 'absent' | 'version' | 'children';
}

/** What ZooKeeper says about each operation of a transaction. */
export interface OperationResult {
  readonly type: number;
  readonly err?: number;
}

/** ZooKeeper cuts the connection at a request of 1,048,575 bytes, and a retry would repeat that until its deadline. */
export const mostBytes = 900_000;
export const mostOperations = 500;
/** Numbers, lengths and the ACL of one operation in a request. */
const overheadBytes = 100;

const { CreateMode, Exception } = zookeeper;
/** ZooKeeper's numbers (org.apache.zookeeper.ZooDefs.OpCode). */
const opCodes = { create: 1, remove: 2, set: 5, check: 13 } as const;
const failed = -1;

/** @throws SyncError CONFIG_INVALID: more than one transaction takes */
export function requireSize(operations: readonly Operation[]): void {
  if (operations.length > mostOperations) throw tooLarge(`${operations.length} nodes, one write may change ${mostOperations}`);
  const bytes = bytesOfAll(operations);
  if (bytes > mostBytes) throw tooLarge(`${bytes} bytes, one write may have ${mostBytes}`);
}

export function isOfOneWrite(operations: readonly Operation[]): boolean {
  return operations.length <= mostOperations && bytesOfAll(operations) <= mostBytes;
}

function bytesOfAll(operations: readonly Operation[]): number {
  return operations.reduce((sum, operation) => sum + bytesOf(operation), 0);
}

/** The operations in order, in as few transactions as there may be. */
export function inTransactions<T extends Operation>(operations: readonly T[]): readonly (readonly T[])[] {
  const transactions: T[][] = [];
  let bytes = 0;
  for (const operation of operations) {
    const size = bytesOf(operation);
    const last = transactions.at(-1);
    if (last && last.length < mostOperations && bytes + size <= mostBytes) last.push(operation);
    else transactions.push([operation]);
    bytes = transactions.at(-1)?.length === 1 ? size : bytes + size;
  }
  return transactions;
}

/** As the library sends them. */
export function toOps(operations: readonly Operation[], acls: readonly Acl[]): readonly TransactionOp[] {
  return operations.map((operation) => {
    const { type, path } = operation;
    if (operation.type === 'create') return { type: opCodes.create, path, data: operation.data, acls, mode: CreateMode.PERSISTENT };
    const { version } = operation;
    return operation.type === 'set' ? { type: opCodes.set, path, data: operation.data, version } : { type: opCodes[type], path, version };
  });
}

/**
 * Null: it was carried out. An answer lists one result an operation; those before and after the refused one carry other errors.
 * @throws the fault that refused it, where that is none of the expected ones
 */
export function refusedBy(operations: readonly Operation[], results: readonly OperationResult[]): Refused | null {
  if (results.length === operations.length && results.every(({ type }) => type !== failed)) return null;
  const at = results.findIndex(({ type, err }) => type === failed && err !== 0 && err !== Exception.RUNTIME_INCONSISTENCY);
  const operation = operations[at];
  const code = results[at]?.err ?? Exception.RUNTIME_INCONSISTENCY;
  if (operation === undefined) throw Exception.create(code);
  if (code === Exception.NODE_EXISTS) return { operation, why: 'exists' };
  if (code === Exception.NO_NODE) return { operation, why: 'absent' };
  if (code === Exception.BAD_VERSION) return { operation, why: 'version' };
  if (code === Exception.NOT_EMPTY) return { operation, why: 'children' };
  throw Exception.create(code);
}

function bytesOf(operation: Operation): number {
  return overheadBytes + Buffer.byteLength(operation.path) + ('data' in operation ? operation.data.length : 0);
}

function tooLarge(what: string): SyncError {
  return new SyncError('CONFIG_INVALID', `the change is too large: ${what}. Make it in several changes.`);
}
