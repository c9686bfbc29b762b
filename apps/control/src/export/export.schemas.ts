/** The answer to an import, and what is special about its body. */
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';

export const importedSchema = z.strictObject({
  /** Nodes that were written now. */
  written: z.int(),
  /** Nodes that were there already. */
  kept: z.int(),
});
export type ImportedBody = z.infer<typeof importedSchema>;

/** Kilobytes for each table that was ever routed: an export is larger than any other body. */
export const importLimit = '64mb';

export function isImport(request: IncomingMessage): boolean {
  return /^\/api\/v1\/import\/?(?:\?|$)/.test(request.url ?? '') && (request.headers['content-type'] ?? '').startsWith('application/json');
}
