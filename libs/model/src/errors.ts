/**
 * The one error type. Its code says what the run loop does with it and what an operator can do about it: see error-table.ts. Drivers'
 * errors are translated into these codes once, at the boundary, by the driver's code and never by its message text.
 */
import { errorTable } from './error-table.js';
import type { ErrorCode, Outcome } from './error-table.js';

export { errorTable };
export type { ErrorCode, Outcome };

/** Facts about an error for logs and status: table, key, position, pipeline. Never row values, never secrets. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null | undefined>>;

export class SyncError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SyncError';
    this.code = code;
    this.details = options.details ?? {};
  }

  get outcome(): Outcome {
    return errorTable[this.code].outcome;
  }

  get help(): string {
    return errorTable[this.code].help;
  }
}

/** Any thrown thing as a SyncError: one that is not ours becomes INTERNAL with its cause kept. */
export function toSyncError(error: unknown): SyncError {
  if (error instanceof SyncError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new SyncError('INTERNAL', message, { cause: error });
}
