/**
 * Why a download failed, out of aria2's exit status and text. Many answers share one status (22 is any other HTTP status), and only the
 * text has the number. https://aria2.github.io/manual/en/html/aria2c.html#exit-status
 */

export type DownloadFailureKind =
  /** The URL is too old, or aria2 does not tell what is: the same download with a new one goes on from where this came to. */
  | 'expired'
  /** What is there is another file, or none. */
  | 'changed'
  /** All bytes are there, and they are others. The next try begins with nothing. */
  | 'checksum'
  | 'disk-full'
  /** The disk refused to open, read or write. */
  | 'disk'
  /** The source does not answer, or not well; or its certificate is not of our authority. */
  | 'network'
  /** aria2 cannot be started, or dies of this download again and again. */
  | 'aria2';

export class DownloadFailure extends Error {
  readonly kind: DownloadFailureKind;
  /** aria2's exit status. */
  readonly code: number | undefined;
  /** Of HTTP. */
  readonly status: number | undefined;

  constructor(kind: DownloadFailureKind, message: string, facts: { readonly code?: number; readonly status?: number } = {}) {
    super(message);
    this.name = 'DownloadFailure';
    this.kind = kind;
    this.code = facts.code;
    this.status = facts.status;
  }
}

/** What aria2 says of a download that ended; numbers are decimal text. */
export interface DownloadResult {
  readonly status: 'complete' | 'error' | 'removed';
  readonly completedLength: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
}

export function failureOf({ errorCode, errorMessage = '' }: DownloadResult): DownloadFailure {
  const code = Number(errorCode);
  const digits = /\bstatus=(\d{3})\b/.exec(errorMessage)?.[1];
  const status = digits === undefined ? undefined : Number(digits);
  const text = errorMessage || (code === 32 ? 'the checksum is another one' : 'no text');
  return new DownloadFailure(kindOf(code, status, errorMessage), `aria2 ended with ${code}: ${text}`, { code, status });
}

/** Once an answer was good, this is all that aria2 says of a later one that was not. The source knows, and is asked for a new URL. */
const lastAnswerFailed = 'No URI available.';

function kindOf(code: number, status: number | undefined, text: string): DownloadFailureKind {
  switch (code) {
    case 1: // anything else
      if (text === lastAnswerFailed) return 'expired';
      return /size mismatch|invalid hash found|infer file size|download aborted/i.test(text) ? 'changed' : 'network';
    case 3: // 404
    case 4:
    case 8: // another range than asked for
      return 'changed';
    case 9:
      return 'disk-full';
    case 10: // pieces of another length in the control file
    case 13:
    case 14:
    case 15:
    case 16:
    case 17:
    case 18:
      return 'disk';
    case 22:
      return ofStatus(status);
    case 24: // 401
      return 'expired';
    case 32:
      return 'checksum';
    default: // 2 time-out, 5 too slow, 6 connection, 19 name, 29 overloaded
      return 'network';
  }
}

/** No number: as lastAnswerFailed. */
function ofStatus(status: number | undefined): DownloadFailureKind {
  if (status === undefined || status === 401 || status === 403) return 'expired';
  if (status === 410 || status === 412 || status === 416) return 'changed';
  return 'network';
}
