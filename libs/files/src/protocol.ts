/**
 * What a files app is asked over HTTPS. Bodies are JSON, a request is signed (auth.ts), an error is `{code, message, details}` of the error
 * table with status 4xx or 5xx.
 *
 * By loaders of its region: stage, place, unplace, settle, fence, delete, compare, list. A transaction that places files has a number `n`,
 * which grows by one within a pipeline and is committed with the rows (lutra.file_place). A placing is *open* until it is settled (its n is
 * committed) or taken back. By files apps of other regions: manifest, pack, named, and GET of what they name.
 *
 * Numbers beyond 2^53 are decimal text. Hashes are SHA-256 in 64 hex digits, lower case.
 */
import type { ErrorCode, FileName, FileRule, PipelineUid, WaitingFile } from '@lutra/model';

/** POST /v1/stage. The answer is NDJSON: a StageAnswer for each file, in any order; between them StageProgress, at least one a second. */
export interface StageRequest {
  readonly pipeline: PipelineUid;
  readonly sourceRegion: string;
  readonly files: readonly WantedFile[];
}

export interface WantedFile extends FileName {
  /** For the answer. */
  readonly id: number;
  /** That the row carries; null: it carries none, and what the source region states counts. */
  readonly hash: string | null;
  /** Whose file it is: where the source region lacks the file, it looks whether the row still names it. */
  readonly row: RowOfFile;
}

export interface RowOfFile {
  /** Of the source. */
  readonly endpoint: string;
  readonly database: string;
  readonly table: string;
  /** By column, as text that MySQL compares with the column: `libs/files/src/rule/key-text.ts`. */
  readonly key: Readonly<Record<string, string>>;
  readonly rule: FileRule;
}

export interface StagedFile extends FileName {
  readonly sha256: string;
  readonly size: number;
  readonly mtimeNs: string;
}

export type StageAnswer =
  /**
   * It is on the disk of the root, verified and invisible, or at its place already. sent: over the network · same: was at its place ·
   * copied: from elsewhere on the disk
   */
  | ({ readonly kind: 'staged'; readonly id: number; readonly way: 'sent' | 'same' | 'copied' } & Omit<StagedFile, 'root' | 'path'>)
  /** The source region does not have it, and the row there still names it. */
  | { readonly kind: 'missing'; readonly id: number }
  /** The source region does not have it, and the row there is gone or names another one: the log will say so. */
  | { readonly kind: 'superseded'; readonly id: number }
  /** It was written to while it was read. */
  | { readonly kind: 'unstable'; readonly id: number }
  | { readonly kind: 'refused'; readonly id: number; readonly code: ErrorCode; readonly message: string; readonly details: Details };

export interface StageProgress extends Pick<WaitingFile, 'phase' | 'size' | 'done' | 'bytesPerSecond'> {
  readonly kind: 'progress';
  readonly id: number;
}

export type Details = Readonly<Record<string, unknown>>;

interface OfPipeline {
  readonly pipeline: PipelineUid;
  /** Of its owner: whoever comes with a lower one than the fence is refused (FENCED). */
  readonly epoch: number;
  readonly root: string;
}

/** POST /v1/place: all of them, durable, or none. Of one path the last one counts. */
export interface PlaceRequest extends OfPipeline {
  readonly n: number;
  readonly files: readonly StagedFile[];
}

export interface PlaceAnswer {
  /** In the order of the request; empty if any is not staged any more. */
  readonly placed: readonly PlacedFile[];
  /** Paths. They are to be staged again. */
  readonly notStaged: readonly string[];
}

/** Tells a file from any other one that is put at its path later. */
export interface FileIdentity {
  readonly size: number;
  readonly mtimeNs: string;
  readonly dev: string;
  readonly ino: string;
}

export interface PlacedFile extends FileName, FileIdentity {
  readonly sha256: string;
}

/** POST /v1/unplace: what was there before is there again, where the path still holds what was placed. An n that is not open: nothing. */
export interface UnplaceRequest extends OfPipeline {
  readonly n: number;
}

/** POST /v1/settle: all up to n are committed. What they replaced goes to the trash. */
export type SettleRequest = UnplaceRequest;

/** POST /v1/fence: from the answer on nothing of a lower epoch happens. */
export type FenceRequest = OfPipeline;

export interface FenceAnswer {
  /** Numbers of the placings that are open, ascending. */
  readonly open: readonly number[];
}

/**
 * POST /v1/delete: no row names it any more. Twice: first for a mark, then, once the database was asked whether that is still so, with it.
 * Whoever places the path in between, if only by finding it there, makes the mark void. So no lock of the database is needed, which could
 * be lost unnoticed.
 */
export interface DeleteRequest extends OfPipeline {
  readonly path: string;
  readonly placed: FileIdentity;
  readonly way: 'trash' | 'remove';
  /** null: it is asked for. */
  readonly mark: string | null;
}

export type DeleteAnswer =
  | { readonly outcome: 'marked'; readonly mark: string }
  /**
   * gone: nothing is there · changed: another file is there, and stays · busy: an open placing names the path, or the mark is void; ask
   * again later, for a mark
   */
  | { readonly outcome: 'deleted' | 'gone' | 'changed' | 'busy' };

/** POST /v1/compare: what the own region and another one have at these paths; for verification. At most 1,000. */
export interface CompareRequest {
  readonly sourceRegion: string;
  readonly root: string;
  readonly files: readonly { readonly path: string; readonly hash: string | null }[];
}

/** In the order of the request; null: it is equal. */
export interface CompareAnswer {
  readonly differs: readonly ('missing-here' | 'missing-there' | 'missing' | 'different' | 'unstable' | null)[];
}

/**
 * POST /v1/list, by verifiers of its region: what stands still in a root, in an order of its own, for what no row names. Not what an open
 * placing names.
 */
export interface ListRequest {
  readonly root: string;
  /** From the first one behind this path on; null: from the beginning. Or these alone, at most 1,000. */
  readonly from: string | null | readonly string[];
  /** That are looked at; at most 10,000. */
  readonly most: number;
  /** Only files that nobody has put there, renamed or written to for so long. */
  readonly unchangedMs: number;
}

export interface ListAnswer {
  /** Of those that were looked at. */
  readonly files: readonly ListedFile[];
  /** How many were. */
  readonly looked: number;
  /** `from` of the next request; null: there are no more. */
  readonly next: string | null;
}

export interface ListedFile {
  readonly path: string;
  readonly size: number;
  /** Which file it is, as of a file that was placed. */
  readonly mtimeNs: string;
  readonly dev: string;
  readonly ino: string;
}

/** POST /v1/manifest, of another region. At most 1,000 paths. Answered within some seconds. */
export interface ManifestRequest {
  readonly root: string;
  readonly paths: readonly string[];
  /**
   * In the order of the paths: the hash that is wanted. Where the path has other bytes by now, or none, the ones that it had are named if
   * they are kept. null: whatever is there.
   */
  readonly hashes?: readonly (string | null)[] | undefined;
}

export interface ManifestAnswer {
  /** In the order of the request. */
  readonly entries: readonly ManifestEntry[];
}

export type ManifestEntry =
  | {
      readonly kind: 'file';
      readonly size: number;
      readonly mtimeNs: string;
      readonly sha256: string;
      /** Of this very file with these bytes; for an hour. Relative to the base URL of the app that answers. */
      readonly url: string;
      /** The same, for a pack. */
      readonly token: string;
    }
  | { readonly kind: 'missing' | 'unstable' }
  /** It is large, or there was much to read: ask again. Its bytes, and how many of them were read. */
  | { readonly kind: 'hashing'; readonly size: number; readonly done: number }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string };

/**
 * POST /v1/pack: files one behind the other, to be read in one piece. At most 1,000, at most 64 MiB. Refused with FILE_UNSTABLE where a
 * file is no more what its token says, or the token has expired: `details.moved` has the indexes of such tokens, with commas between.
 */
export interface PackRequest {
  readonly root: string;
  /** Of a manifest. */
  readonly tokens: readonly string[];
}

export interface PackAnswer {
  /** As in ManifestEntry. Its bytes are those of the files in the order of the request. */
  readonly url: string;
  readonly size: number;
}

/** POST /v1/named: does the row, as it is now, name the file? */
export interface NamedRequest {
  /** With a hash: with this one. A file that was written again, and its row with it, is not what the row named before. */
  readonly rows: readonly (RowOfFile & FileName & { readonly hash?: string | null | undefined })[];
}

export interface NamedAnswer {
  /** In the order of the request. */
  readonly named: readonly boolean[];
}
