/** An answer in lines of JSON, as fast as the client takes them. An error is the last line: `{error: {code, message, details}}`. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { SyncError, toSyncError } from '@lutra/model';

interface To {
  readonly response: ServerResponse;
  /** The client is gone, or the app ends. */
  readonly signal: AbortSignal;
  told(error: SyncError): unknown;
}

export async function sendLines(values: AsyncIterable<unknown>, { response, signal, told }: To): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
  response.flushHeaders();
  try {
    for await (const value of values) {
      if (signal.aborted) break;
      if (!response.write(`${JSON.stringify(value)}\n`)) await once(response, 'drain', { signal });
    }
    if (signal.aborted) response.destroy();
    else response.end();
  } catch (thrown) {
    if (signal.aborted) return void response.destroy();
    response.end(`${JSON.stringify({ error: told(toSyncError(thrown)) })}\n`);
  }
}
