/**
 * Files that belong to rows, at their source: when a loader asks for a file, what its answer may be used for, and what it means that there
 * is none. The application writes its file, commits the row, writes again, removes; files and rows are read in between. Does each row get
 * bytes that are as new as it is, and does nothing stop that the log itself explains? docs/decisions/0035-files.md.
 */
import { set } from './files-words.js';
import type { Model, Turn } from './paths.js';

export interface AskRules {
  /** An answer counts for a row if it was asked for after the row was read; or whatever is known of the path. */
  readonly shared: 'asked later' | 'any';
  /** A file is hashed and sent from one state, by its validator; or hashed, and then sent as it is by then. */
  readonly validator: boolean;
  /** What is not there: the row is looked up at the source; or only what is read ahead; or it is missing. */
  readonly missing: 'looked up' | 'read ahead' | 'missing';
  /** Rows carry hashes, and the file has another one, though the row at the source still names it: it is asked for again, or it stops. */
  readonly mismatch: 'asks again' | 'stops';
  /** The row is looked up behind the locks of whoever writes it; or as it is visible, and its own transaction may not be yet. */
  readonly look: 'behind locks' | 'as it is visible';
}

export const askProtocol: AskRules = {
  shared: 'asked later',
  validator: true,
  missing: 'looked up',
  mismatch: 'asks again',
  look: 'behind locks',
};

/** Of the application at the source: it writes a file, commits the row (null: deletes it), or removes a file. */
export type Action =
  | { readonly kind: 'file'; readonly path: string; readonly bytes: number }
  | { readonly kind: 'row'; readonly path: string | null; readonly bytes: number }
  | { readonly kind: 'remove'; readonly path: string };

export interface AskCase {
  readonly actions: readonly Action[];
  /** How many rows are read ahead of the one that is committed. */
  readonly ahead: number;
  /** Rows carry the hash of their file. */
  readonly hash: boolean;
}

interface Ask {
  /** The row for which it was asked. */
  readonly row: number;
  readonly path: string;
  /** hashed: these bytes are stated · answered */
  readonly phase: 'sent' | 'hashed' | 'answered';
  readonly bytes: number | 'missing' | 'superseded' | 'mismatch' | null;
}

type To = (name: string, part: Partial<Ask>) => Turn<AskState>;

interface Logged {
  readonly path: string | null;
  readonly bytes: number;
}

export interface AskState {
  readonly actions: readonly Action[];
  readonly disk: Readonly<Record<string, number | null>>;
  readonly row: Logged | null;
  /** In the log, and not visible yet (semi-sync): the application waits for its COMMIT. */
  readonly coming: Logged | null;
  readonly log: readonly Logged[];
  /** Rows that the loader has read, and committed. */
  readonly read: number;
  readonly committed: number;
  readonly asks: readonly Ask[];
  /** What the last committed row got: bytes; null: it went without. */
  readonly got: number | null;
  readonly wrong: string | null;
}

export function askModel({ actions, ahead, hash }: AskCase, rules: AskRules): Model<AskState> {
  return {
    first: { actions, disk: {}, row: null, coming: null, log: [], read: 0, committed: 0, asks: [], got: null, wrong: null },
    turns: (state) =>
      state.wrong === null ? [...acts(state), ...reads(state, ahead), ...answers(state, rules, hash), ...commits(state, rules, hash)] : [],
    verdict: (state) => state.wrong ?? atRest(state),
  };
}

function acts(state: AskState): readonly Turn<AskState>[] {
  if (state.coming) {
    const row = state.coming.path === null ? null : state.coming;
    return [{ name: 'the row is visible', state: { ...state, row, coming: null } }];
  }
  const [action, ...actions] = state.actions;
  if (!action) return [];
  const next = { ...state, actions };
  switch (action.kind) {
    case 'file':
      return [{ name: `file ${action.path} = ${action.bytes}`, state: { ...next, disk: { ...state.disk, [action.path]: action.bytes } } }];
    case 'remove':
      return [{ name: `removes ${action.path}`, state: { ...next, disk: { ...state.disk, [action.path]: null } } }];
    case 'row': {
      const row = { path: action.path, bytes: action.bytes };
      return [{ name: `row ${action.path} ${action.bytes}`, state: { ...next, coming: row, log: [...state.log, row] } }];
    }
  }
}

/** A row that is read asks at once, or joins an ask that is under way. */
function reads(state: AskState, ahead: number): readonly Turn<AskState>[] {
  const { log, read, committed, asks } = state;
  const next = log[read];
  if (!next || read - committed > ahead) return [];
  const ask: readonly Ask[] = next.path === null ? [] : [{ row: read, path: next.path, phase: 'sent', bytes: null }];
  return [{ name: `reads row ${read}`, state: { ...state, read: read + 1, asks: [...asks, ...ask] } }];
}

/** The source's files app: it hashes, it sends; or it has none, and looks the row up in its database. */
function answers(state: AskState, rules: AskRules, hash: boolean): readonly Turn<AskState>[] {
  return state.asks.flatMap((ask, index): readonly Turn<AskState>[] => {
    const to: To = (name, part) => ({
      name: `${name} for row ${ask.row}`,
      state: { ...state, asks: set(state.asks, index, { ...ask, ...part }) },
    });
    const there = state.disk[ask.path] ?? null;
    const isOther = hash && there !== null && there !== state.log[ask.row]!.bytes;
    if (ask.phase === 'sent' && (isOther || there === null) && state.coming && rules.look === 'behind locks') return [];
    if (ask.phase === 'sent' && isOther) return mismatched(state, ask, rules, to);
    if (ask.phase === 'sent' && there !== null) return [to('hashes', { phase: 'hashed', bytes: there })];
    if (ask.phase === 'sent') return missing(state, ask, rules, to);
    if (ask.phase !== 'hashed') return [];
    if (there === ask.bytes) return [to('sends', { phase: 'answered' })];
    // 412: it is asked for once more. Without a validator the bytes are those of another state than their hash.
    return rules.validator ? [to('asks again', { phase: 'sent', bytes: null })] : [to('sends a mixture', { phase: 'answered', bytes: -1 })];
  });
}

/** Behind the ask: the application has written the file, and its row is still to come. */
function mismatched({ row, log }: AskState, ask: Ask, { mismatch }: AskRules, to: To): readonly Turn<AskState>[] {
  const isNamed = row?.path === ask.path && row.bytes === log[ask.row]!.bytes;
  if (!isNamed) return [to('superseded', { phase: 'answered', bytes: 'superseded' })];
  return mismatch === 'stops' ? [to('other bytes', { phase: 'answered', bytes: 'mismatch' })] : [];
}

/** Where the row still names it, it is asked for again. */
function missing({ row, log, read }: AskState, ask: Ask, { missing }: AskRules, to: To): readonly Turn<AskState>[] {
  const isSuperseded =
    missing === 'read ahead' ? log.slice(ask.row + 1, read).some(({ path }) => path !== ask.path) : row?.path !== ask.path;
  if (missing !== 'missing' && isSuperseded) return [to('superseded', { phase: 'answered', bytes: 'superseded' })];
  return missing === 'looked up' ? [] : [to('missing', { phase: 'answered', bytes: 'missing' })];
}

function commits(state: AskState, { shared }: AskRules, hash: boolean): readonly Turn<AskState>[] {
  const { committed, read, log, asks } = state;
  const row = log[committed];
  if (!row || committed >= read) return [];
  const next = { ...state, committed: committed + 1 };
  if (row.path === null) return [{ name: `deletes row ${committed}`, state: { ...next, got: null } }];
  const isFor = (ask: Ask): boolean => ask.path === row.path && (!hash || log[ask.row]!.bytes === row.bytes);
  const isUsable = (ask: Ask): boolean => ask.phase === 'answered' && isFor(ask) && (ask.row >= committed || shared === 'any');
  return [...new Map(asks.filter(isUsable).map((ask) => [ask.bytes, ask])).values()].map(({ bytes }) => {
    const name = `commits row ${committed}`;
    if (bytes === 'missing' || bytes === 'mismatch')
      return { name, state: { ...next, wrong: 'it stops, and nobody has done anything wrong' } };
    if (bytes === 'superseded') return { name, state: { ...next, got: null } };
    const isOld = bytes! < row.bytes;
    return {
      name,
      state: { ...next, got: bytes as number, wrong: isOld ? `row ${committed} gets ${bytes === -1 ? 'a mixture' : 'older bytes'}` : null },
    };
  });
}

function atRest({ row, got, log, committed }: AskState): string | null {
  if (committed < log.length) return 'the row waits for ever';
  if (row && got === null) return 'the last row is without its file';
  return row && got !== row.bytes ? 'the last row has other bytes than at the source' : null;
}
