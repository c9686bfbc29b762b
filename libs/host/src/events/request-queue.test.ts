import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import './event-client.js';

const silent = { debug() {}, error() {} };
let queue: RequestQueue;
const sent: number[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  sent.length = 0;
  queue = new RequestQueue({
    maxInFlightRequests: null,
    requestTimeout: 10_000,
    clientId: 'c',
    broker: 'b',
    logger: silent,
    isConnected: () => true,
  });
});
afterEach(() => void vi.useRealTimers());

function push(correlationId: number): void {
  const entry = { correlationId, apiName: 'Produce', apiKey: 0, apiVersion: 7, resolve() {}, reject() {} };
  queue.push({ entry, expectResponse: true, sendRequest: () => sent.push(correlationId) });
}
const answer = (correlationId: number): void => queue.fulfillRequest({ correlationId, payload: Buffer.alloc(0), size: 0 });

it('an idle connection of kafkajs wakes nobody', () => {
  push(1);
  answer(1);
  expect(sent).toEqual([1]);
  expect(vi.getTimerCount()).toBe(0);
});

it('what the broker has throttled is sent afterwards', () => {
  push(1);
  queue.maybeThrottle(500);
  answer(1);
  push(2);
  expect(sent).toEqual([1]);
  vi.advanceTimersByTime(501);
  expect(sent).toEqual([1, 2]);
  answer(2);
  expect(vi.getTimerCount()).toBe(0);
});
