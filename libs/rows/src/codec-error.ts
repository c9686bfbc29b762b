/** What the bytes or a value are refused for, as this lib's errors. Never names a value. */
import { LoneSurrogateError, MalformedError } from '@lutra/bytes';
import { SyncError, toSyncError } from '@lutra/model';

export function malformed(what: string): SyncError {
  return new SyncError('RECORD_INVALID', what);
}

/** Any thrown thing: bytes that no writer could have written, a text that has no UTF-8, or what toSyncError() makes of it. */
export function codecError(error: unknown): SyncError {
  if (error instanceof MalformedError) return new SyncError('RECORD_INVALID', error.message, { cause: error });
  if (error instanceof LoneSurrogateError) return new SyncError('VALUE_UNSUPPORTED', error.message, { cause: error });
  return toSyncError(error);
}
