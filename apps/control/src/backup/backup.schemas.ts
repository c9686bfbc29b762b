/** The answer to a restore, and what is special about its body. */
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';

export const restoredSchema = z.strictObject({
  /** Nodes that were written now. */
  written: z.int(),
  /** Nodes that were there already. */
  kept: z.int(),
});
export type RestoredBody = z.infer<typeof restoredSchema>;

/** Kilobytes for each table that was ever routed: a backup is larger than any other body. */
export const restoreLimit = '64mb';

export function isRestore(request: IncomingMessage): boolean {
  return /^\/api\/v1\/restore\/?(?:\?|$)/.test(request.url ?? '') && (request.headers['content-type'] ?? '').startsWith('application/json');
}
