/** What we use of the package aria2 4.1.2, which has no types. Read from its source: docs/decisions/0036-aria2.md. */
declare module 'aria2' {
  import type { EventEmitter } from 'node:events';

  export interface ClientOptions {
    readonly host: string;
    readonly port: number;
    readonly secret: string;
    /** For calls while the WebSocket is not open. */
    readonly fetch: () => Promise<never>;
  }

  /** Emits open, close, error, and notifications by their name: `onDownloadComplete` with `[{gid}]`. */
  export default class Client extends EventEmitter {
    static readonly defaultOptions: { WebSocket: typeof WebSocket };
    constructor(options: ClientOptions);
    readonly socket?: { close(): void };
    open(): Promise<unknown>;
    /** Never settles when the socket closes first. Rejects with JSONRPCError, which has a code. */
    call(method: string, ...params: unknown[]): Promise<unknown>;
  }
}
