/** The words of `files.ts`: rules, cases and states. A path is written in one root; its bytes are a number, newer ones a greater one. */

export interface FileRules {
  readonly order: 'place, commit' | 'commit, place';
  /** What is placed has been verified, or may be half there. */
  readonly staged: 'verified' | 'as it comes';
  /** What a place replaces is noted before the rename, or behind it. */
  readonly noted: 'before' | 'behind';
  /** Answered when no place of a lower epoch is under way; at once; or nobody looks at epochs. */
  readonly fence: 'waits' | 'at once' | 'none';
  readonly takeOver: 'undo' | 'redo';
  /** Which open placings a take-over undoes: by n, or by the seq of the log. */
  readonly covered: 'by n' | 'by seq';
  /** When a take-over reads what is committed. */
  readonly read: 'behind the epoch' | 'before the epoch';
  /** A place whose answer does not come: the run ends, it is asked again, or taken back while it may still be under way. */
  readonly noAnswer: 'ends' | 'again' | 'taken back';
  /** A place that comes when its n was taken back or settled. */
  readonly late: 'refused' | 'taken';
  /** A placing that lies over another one, which is taken back, gets what that one had replaced. */
  readonly under: 'handed down' | 'stays';
  /** What another pipeline has placed, and not committed, counts as being there already. */
  readonly othersOpen: 'own copy' | 'same';
  /** A file that is there already stands in the open placing. */
  readonly same: 'is open' | 'is not open';
  /** A deletion locks the row of lutra.file; asks the files app for a mark that each place voids, then looks; or only looks. */
  readonly deletes: 'mark' | 'lock' | 'looked at';
  readonly identity: 'compared' | 'by path';
  readonly deleted: 'after COMMIT' | 'before COMMIT';
  /** Another files app takes the root when the first one is dead, or when its lease is over. */
  readonly root: 'process is dead' | 'lease is over';
}

export const filesProtocol: FileRules = {
  order: 'place, commit',
  staged: 'verified',
  noted: 'before',
  fence: 'waits',
  takeOver: 'undo',
  covered: 'by n',
  read: 'behind the epoch',
  noAnswer: 'ends',
  late: 'refused',
  under: 'handed down',
  othersOpen: 'own copy',
  same: 'is open',
  deletes: 'mark',
  identity: 'compared',
  deleted: 'after COMMIT',
  root: 'process is dead',
};

/** A transaction of the source: a row comes to name a path with these bytes, or is deleted (bytes null). */
export interface Entry {
  readonly key: string;
  readonly path: string;
  readonly bytes: number | null;
  readonly seq: number;
}

export interface FileFaults {
  readonly loader: number;
  /** A loader sleeps while another one takes over. */
  readonly sleep: number;
  readonly app: number;
  /** The target refuses a transaction, for certain. */
  readonly refusal: number;
  /** A loader gives up waiting for a place that is still under way. */
  readonly timeout: number;
  /** A person skips the next transaction. */
  readonly skip: number;
  /** The server ends the session of a deletion. */
  readonly session: number;
}

export interface FilesCase {
  /** Of each pipeline. */
  readonly logs: readonly (readonly Entry[])[];
  /** No path has two contents: a visible row has its very bytes. Otherwise they are as new or newer. */
  readonly immutable: boolean;
  /** Rows and files of before, from pipeline 0. */
  readonly before: readonly Entry[];
  /** An application puts a file of its own at a path that no row names, and then a row. */
  readonly application: string | null;
  readonly faults: FileFaults;
}

export interface File {
  readonly bytes: number;
  /** Its inode. */
  readonly id: number;
}

/** An open placing. Of a file that was there already `put` is what was there. */
export interface Undo {
  readonly pipeline: number;
  readonly n: number;
  readonly seq: number;
  readonly path: string;
  readonly was: File | null;
  readonly put: File;
}

export interface Request {
  readonly op: 'place' | 'unplace' | 'settle' | 'fence' | 'mark' | 'delete';
  readonly pipeline: number;
  readonly session: number;
  readonly n: number;
  readonly seq: number;
  readonly path: string;
  readonly bytes: number;
  readonly id: number;
  readonly was: File | null;
  /** checked: its epoch is · noted: what it replaces is noted */
  readonly phase: 'sent' | 'checked' | 'noted';
  /** Its process is believed to be dead, and is not. */
  readonly isGhost: boolean;
}

export type LoaderPhase = 'raise' | 'fence' | 'read' | 'undo' | 'settle' | 'work' | 'place' | 'text' | 'sent' | 'back' | 'gone';

export interface Loader {
  readonly pipeline: number;
  readonly session: number;
  readonly phase: LoaderPhase;
  readonly waits: boolean;
  /** Open placings that the fence told of. */
  readonly open: readonly Pick<Undo, 'n' | 'seq'>[];
  /** Its place in the log. */
  readonly at: number;
  /** What was committed, as it has read it; then the number of its last placing. */
  readonly n: number;
  readonly seq: number;
  /** What it has placed. */
  readonly put: File | null;
}

/** Deletes files that no row names any more: one a loader. */
export interface Worker {
  readonly pipeline: number;
  readonly session: number;
  readonly phase: 'mark' | 'look' | 'delete' | 'commit';
  readonly waits: boolean;
  readonly path: string;
  readonly id: number;
}

/** A row of lutra.file. */
export interface Known {
  readonly id: number;
  readonly pipeline: number;
  readonly state: 'placed' | 'leaving';
}

/** Sent to the target, and not executed yet. */
export interface Text {
  readonly pipeline: number;
  readonly session: number;
  readonly at: number;
  readonly n: number;
  readonly put: File | null;
}

export type ByName<T> = Readonly<Record<string, T>>;

export interface FilesState {
  readonly rows: ByName<{ readonly path: string; readonly bytes: number } | null>;
  readonly known: ByName<Known | null>;
  /** By pipeline. */
  readonly epoch: readonly number[];
  readonly n: readonly number[];
  readonly seq: readonly number[];
  readonly applied: readonly number[];
  readonly texts: readonly Text[];
  /** The session that holds the row of lutra.file of a path. */
  readonly locks: ByName<string | null>;

  readonly disk: ByName<File | null>;
  readonly stage: readonly number[];
  readonly undo: readonly Undo[];
  readonly fence: readonly number[];
  /** Placings that were taken back or settled, by session and n. */
  readonly closed: readonly string[];
  readonly marks: ByName<boolean>;
  readonly requests: readonly Request[];
  readonly ids: number;

  readonly loaders: readonly Loader[];
  readonly workers: readonly Worker[];
  readonly application: 'waits' | 'file' | 'done';
  readonly faults: FileFaults;
}

export interface At {
  readonly example: FilesCase;
  readonly rules: FileRules;
}

export function nameOf({ pipeline, session }: { readonly pipeline: number; readonly session: number }): string {
  return `${pipeline}.${session}`;
}

export function entryOf({ logs }: FilesCase, { pipeline, at }: { readonly pipeline: number; readonly at: number }): Entry | undefined {
  return logs[pipeline]![at];
}

export function set<T>(list: readonly T[], index: number, value: T): readonly T[] {
  return list.map((one, at) => (at === index ? value : one));
}

export function isOpen({ undo }: FilesState, path: string): boolean {
  return undo.some((one) => one.path === path);
}
