/**
 * kafkajs 2.2.4 looks after each answer whether a request waits, and from then on once a millisecond as long as the connection lasts: its
 * pause is negative where nothing was throttled. That is 3 % of a core, and a TimeoutNegativeWarning. Where nothing waits there is nothing
 * to look for: a request that must wait asks for a look itself.
 */
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

const schedule = RequestQueue.prototype.scheduleCheckPendingRequests;

RequestQueue.prototype.scheduleCheckPendingRequests = function (): void {
  if (this.pending.length > 0) schedule.call(this);
};
