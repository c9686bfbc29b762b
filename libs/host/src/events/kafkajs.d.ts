/** What kafkajs keeps to itself, as far as request-queue.ts touches it. */
declare module 'kafkajs/src/network/requestQueue/index.js' {
  export default class RequestQueue {
    constructor(options: object);
    /** Wait for the broker's throttle, or for others to be answered. */
    readonly pending: readonly unknown[];
    /** ms since 1970; −1: nothing is. */
    readonly throttledUntil: number;
    maybeThrottle(ms: number): void;
    push(request: object): void;
    fulfillRequest(answer: object): void;
    scheduleCheckPendingRequests(): void;
  }
}

/** Its default, which a factory of ours refines. */
declare module 'kafkajs/src/network/socketFactory.js' {
  import type { ISocketFactory } from 'kafkajs';

  export default function createSocketFactory(): ISocketFactory;
}
