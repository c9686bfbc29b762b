/** The words of `files-both.ts`: two regions, A is home. A row names a path; its tag tells two rows apart. */
import type { ByName } from './files-words.js';

export type Region = 'A' | 'B';

export interface BothRules {
  /** What home does in a conflict. Away from home each decision is left open. */
  readonly policy: 'home' | 'incoming';
  readonly losers: 'are not placed' | 'are placed';
  /** What lies there is taken back when a loader takes over, or decided about once more. */
  readonly takeOver: 'undo' | 'redo';
  /** Home's word brings its file, or only where the row differs. */
  readonly word: 'brings its file' | 'where the row differs';
  /** Rows carry a hash: other bytes are not taken for them, and what was replaced is looked for in the trash. */
  readonly hash: boolean;
}

export const bothProtocol: BothRules = {
  policy: 'home',
  losers: 'are not placed',
  takeOver: 'undo',
  word: 'brings its file',
  hash: false,
};

/** Of an application: its file, then its row. Without a path the row is deleted. */
export interface Write {
  readonly key: string;
  readonly path: string | null;
  readonly tag: number;
  readonly bytes: number;
  /** It removes the file that its row named before. */
  readonly cleans: boolean;
}

export interface BothCase {
  readonly writes: Readonly<Record<Region, readonly Write[]>>;
  /** A path is written again: only what is there at rest counts. */
  readonly isMutable: boolean;
  /** Loaders that are killed after they placed. */
  readonly kills: number;
}

export interface Row {
  readonly path: string;
  readonly tag: number;
  /** Its source had the file no more, because its row there names another one. */
  readonly superseded: boolean;
}

export interface Entry {
  readonly key: string;
  readonly path: string | null;
  readonly tag: number;
  /** How much of the other region's log its region had applied. */
  readonly seen: number;
}

/** A decision that is placed and not committed. */
export interface Open {
  readonly isAlive: boolean;
  readonly path: string | null;
  readonly was: number | null;
  readonly put: number | null;
  readonly takes: boolean;
  readonly isConflict: boolean;
}

export interface RegionState {
  readonly rows: ByName<Row | null>;
  readonly disk: ByName<number | null>;
  /** lutra.file: what loaders placed. */
  readonly placed: ByName<{ readonly bytes: number; readonly leaves: boolean } | null>;
  readonly trash: readonly number[];
  readonly log: readonly Entry[];
  /** Of the other region's log. */
  readonly applied: number;
  /** For the next entry: its bytes, or that it is superseded. */
  readonly staged: number | 'superseded' | null;
  readonly open: Open | null;
  readonly writes: readonly Write[];
  /** The file of the next write is there. */
  readonly isFileThere: boolean;
  /** Files that the application removes. */
  readonly old: readonly string[];
  /** Paths that a committed row has named. */
  readonly named: readonly string[];
}

export type BothState = Readonly<Record<Region, RegionState>> & { readonly kills: number };
