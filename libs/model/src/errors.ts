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

/**
 * What was refused, for the program: what is done about an error beyond its code depends on this and never on `details`. As it is handed on
 * each stage adds what it knows.
 */
export interface Refusal {
  /** It is this table's own matter, by its name at the source, and what the table is suspended for. */
  readonly table?: { readonly database: string; readonly name: string; readonly code: ErrorCode };
  /** The user may lack the right to see the table: then it is nobody's matter but an operator's. */
  readonly hidden?: boolean;
  /** A target transaction is not as it must be by one of these changes of its statements, as their builder counts. */
  readonly changes?: { readonly first: number; readonly count: number };
  /** The source transaction, by its last record, or by its first while the last one is not known. */
  readonly transaction?: { readonly log: string; readonly seq: number };
  /** Rows of a large transaction were changed on both sides: it begins once more, and is resolved. */
  readonly conflict?: boolean;
  /** A large transaction lacked files, which have been fetched: it begins once more. */
  readonly files?: boolean;
  /** Rows that were to be updated or deleted are not there. */
  readonly missing?: boolean;
  /** The server's number of the error. */
  readonly errno?: number;
  /** The broker's name of the error. */
  readonly kafka?: string;
  /** Perhaps nothing is wrong: reading the tables' definitions anew tells. */
  readonly suspected?: boolean;
}

interface ErrorOptions {
  readonly cause?: unknown;
  readonly details?: ErrorDetails;
  readonly refused?: Refusal;
}

export class SyncError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  readonly refused: Refusal;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SyncError';
    this.code = code;
    this.details = options.details ?? {};
    this.refused = options.refused ?? {};
  }

  /** The same error, said anew with what is known further out. */
  again(message: string, { cause = this.cause, details, refused }: ErrorOptions): SyncError {
    const known = { details: { ...this.details, ...details }, refused: { ...this.refused, ...refused } };
    return new SyncError(this.code, message, { cause, ...known });
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
