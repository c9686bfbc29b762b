/** What happens at the source in keyless.ts: applications write, capture reads, is killed, sends again what is not ticked off. */
import { changed } from './keyless-words.js';
import type { Change, KeylessRules, KeylessState, Logged, Rows } from './keyless-words.js';
import type { Turn } from './paths.js';

type Turns = readonly Turn<KeylessState>[];

export function writeTurns(state: KeylessState, rules: KeylessRules): Turns {
  const found: Turn<KeylessState>[] = [];
  const write = (change: Change | undefined, isLogged: boolean): void => {
    const rows = change && !isBlocked(state, change, rules) ? changed(state.rows, change) : null;
    if (!change || !rows) return;
    const left = isLogged ? { script: state.script.slice(1) } : { unlogged: state.unlogged.slice(1) };
    const name = `${isLogged ? '' : 'unlogged '}${change.before ?? '-'} → ${change.after ?? '-'}`;
    found.push({ name, state: { ...state, ...left, rows, binlog: [...state.binlog, isLogged ? change : null] } });
  };
  write(state.script[0], true);
  // Behind the place nobody carries them: of no table.
  if (!state.log.some(({ kind }) => kind === 'chunk')) write(state.unlogged[0], false);
  return found;
}

function isBlocked({ reading }: KeylessState, { before }: Change, { locks }: KeylessRules): boolean {
  return reading !== null && (locks === 'all' || (locks === 'rows' && before !== null));
}

export function captureTurns(state: KeylessState, rules: KeylessRules): Turns {
  const { binlog, read, reading, log, kills, gaps, rows } = state;
  const found: Turn<KeylessState>[] = [];
  const turn = (name: string, next: Partial<KeylessState>): void => void found.push({ name, state: { ...state, ...next } });
  if (read < binlog.length) {
    const change = binlog[read];
    turn('capture reads on', { read: read + 1, log: change ? [...log, { kind: 'change', ...change }] : log });
    // The table leaves the routes before it, and comes back behind it. Behind its end that is as for any table.
    if (gaps > 0 && change && !log.some(({ kind }) => kind === 'end'))
      turn('a gap', { read: read + 1, gaps: gaps - 1, log: [...log, { kind: 'gap' }] });
  }
  if (reading === null && isWanted(state)) turn('capture reads the table', { reading: { rows, high: binlog.length } });
  if (reading !== null && read >= reading.high)
    turn('capture publishes', { reading: null, log: [...log, ...chunkOf(reading.rows, rules)] });
  if (kills > 0 && reading !== null) turn('capture is killed', { kills: kills - 1, reading: null });
  if (state.whole !== null && !state.isDone && !isEnding(state)) turn('capture ends it', { log: [...log, { kind: 'end' }] });
  return found;
}

/** Nothing of it is ticked off, and the loader has passed what was sent; or capture does not know, and sends it once more. */
function isWanted(state: KeylessState): boolean {
  const { log, applied, whole, kills, isDone } = state;
  if (isDone || isEnding(state)) return false;
  const sent = log.findLastIndex(({ kind }) => kind === 'chunk');
  const again = kills > 0 && log.filter(({ kind }) => kind === 'chunk').length < 3;
  return sent === -1 || (whole === null && applied > sent) || again;
}

/** The loader has not come to the end yet. */
function isEnding({ log, applied }: KeylessState): boolean {
  return log.findLastIndex(({ kind }) => kind === 'end') >= applied;
}

function chunkOf(rows: Rows, { parts }: KeylessRules): readonly Logged[] {
  if (parts === 'one') return [{ kind: 'chunk', rows, part: 0, parts: 1 }];
  const half = { a: Math.ceil(rows.a / 2), b: Math.ceil(rows.b / 2) };
  return [
    { kind: 'chunk', rows: half, part: 0, parts: 2 },
    { kind: 'chunk', rows: { a: rows.a - half.a, b: rows.b - half.b }, part: 1, parts: 2 },
  ];
}
