/**
 * What we use of node-zookeeper-client 1.1.3, which has no types. Read from its source; `connectionManager` is not documented there and is
 * used in connection.ts only, hence the exact version in package.json.
 */
declare module 'node-zookeeper-client' {
  import type { EventEmitter } from 'node:events';
  import type { Socket } from 'node:net';

  /** 64-bit numbers are 8 big-endian bytes. */
  export interface Stat {
    readonly czxid: Buffer;
    readonly mzxid: Buffer;
    readonly version: number;
    /** Zero bytes for a persistent node. */
    readonly ephemeralOwner: Buffer;
    readonly numChildren: number;
  }

  export interface Exception extends Error {
    readonly code: number;
    readonly name: string;
  }

  /** An ACL entry. */
  export interface Acl {
    readonly permission: number;
    readonly id: { readonly scheme: string; readonly id: string };
  }

  export type Done<A extends unknown[] = []> = (error: Exception | null | undefined, ...results: A) => void;

  /** As the library's own methods put it into `ops`; they take version 0 for −1. */
  export interface TransactionOp {
    readonly type: number;
    readonly path: string;
    readonly data?: Buffer;
    readonly version?: number;
    readonly acls?: readonly Acl[];
    readonly mode?: number;
  }

  export interface TransactionResult {
    readonly type: number;
    readonly err?: number;
  }

  export interface Transaction {
    readonly ops: TransactionOp[];
    setData(path: string, data: Buffer, version?: number): Transaction;
    check(path: string, version?: number): Transaction;
    remove(path: string, version?: number): Transaction;
    /** With an error of an operation come the results too; with one of the whole request they do not. */
    commit(done: (error: Exception | null | undefined, results?: readonly TransactionResult[]) => void): void;
  }

  export interface ConnectionManager extends EventEmitter {
    /** 0 disconnected, 1 connecting, 2 connected, −1 closing, −2 closed, −3 session expired, −4 authentication failed */
    readonly state: number;
    readonly socket: Socket | undefined;
    readonly connectTimeoutHandler: NodeJS.Timeout | null;
    /** The last transaction that this client has seen. */
    zxid: Buffer;
    connect: () => void;
    onSocketData: (bytes: Buffer) => void;
  }

  export interface Client {
    readonly connectionManager: ConnectionManager;
    connect(): void;
    close(): void;
    getSessionId(): Buffer;
    getSessionPassword(): Buffer;
    /** As the server granted it, ms. */
    getSessionTimeout(): number;
    addAuthInfo(scheme: string, auth: Buffer): void;
    create(path: string, data: Buffer, acl: readonly Acl[], mode: number, done: Done<[path: string]>): void;
    remove(path: string, version: number, done: Done): void;
    setData(path: string, data: Buffer, version: number, done: Done<[stat: Stat]>): void;
    getACL(path: string, done: Done<[acl: readonly Acl[], stat: Stat]>): void;
    setACL(path: string, acl: readonly Acl[], version: number, done: Done<[stat: Stat]>): void;
    exists(path: string, watcher: (() => void) | undefined, done: Done<[stat: Stat | null]>): void;
    getData(path: string, watcher: (() => void) | undefined, done: Done<[data: Buffer | undefined, stat: Stat]>): void;
    transaction(): Transaction;
    getChildren(path: string, watcher: (() => void) | undefined, done: Done<[names: string[], stat: Stat]>): void;
  }

  const zookeeper: {
    createClient(
      servers: string,
      options: { sessionTimeout: number; retries: number; spinDelay: number; sessionId?: Buffer; sessionPassword?: Buffer },
    ): Client;
    readonly ACL: { readonly OPEN_ACL_UNSAFE: readonly Acl[]; readonly CREATOR_ALL_ACL: readonly Acl[] };
    readonly Permission: { readonly READ: number };
    readonly CreateMode: {
      readonly PERSISTENT: number;
      readonly PERSISTENT_SEQUENTIAL: number;
      readonly EPHEMERAL: number;
      readonly EPHEMERAL_SEQUENTIAL: number;
    };
    readonly Exception: {
      create(code: number): Exception;
      readonly CONNECTION_LOSS: number;
      readonly SESSION_EXPIRED: number;
      readonly OPERATION_TIMEOUT: number;
      readonly RUNTIME_INCONSISTENCY: number;
      readonly NO_NODE: number;
      readonly NODE_EXISTS: number;
      readonly NOT_EMPTY: number;
      readonly BAD_VERSION: number;
      readonly NO_AUTH: number;
      readonly AUTH_FAILED: number;
      readonly INVALID_ACL: number;
    };
  };
  export default zookeeper;
}
