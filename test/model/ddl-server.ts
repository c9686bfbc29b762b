/** The target's server, the captures on both sides, and who kills them. */
import type { At, DdlState, Loader, Logged, Running } from './ddl-words.js';
import type { Turn } from './paths.js';

export function serverTurns(state: DdlState, at: At): readonly Turn<DdlState>[] {
  const turns: Turn<DdlState>[] = [];
  if (state.running) turns.push(...executes(state, state.running, at));
  const isHeldByDead = state.holder !== 0 && !isAlive(state, state.holder) && state.running?.session !== state.holder;
  if (isHeldByDead) turns.push({ name: 'session ends', state: { ...state, holder: 0 } });
  // wait_timeout: a loader that sleeps loses its session, with the lock.
  const sleeper = state.loaders.find(({ session, phase }) => session < state.epoch && phase !== 'gone' && phase !== 'sent');
  if (sleeper) turns.push({ name: `session ${sleeper.session} times out`, state: withLoader(state, { ...sleeper, phase: 'gone' }) });
  return turns;
}

function isAlive({ loaders }: DdlState, session: number): boolean {
  return loaders.some((loader) => loader.session === session && loader.phase !== 'gone');
}

/** Atomic: effect, GTID and binlog at once. Otherwise table by table, and the binlog last. */
function executes(state: DdlState, running: Running, { example, rules }: At): readonly Turn<DdlState>[] {
  const { ran, executed, binlog } = state;
  const { table, to, next, witness } = running;
  if (!example.atomic && next < to)
    return [{ name: `drop ${next}`, state: { ...state, ran: raised(ran, next, next + 1), running: { ...running, next: next + 1 } } }];
  const logged: Logged = { kind: 'statement', witness: rules.witness === 'none' ? null : witness, table };
  const done = { running: null, binlog: [...binlog, logged], executed: rules.witness === 'gtid' ? [...executed, witness] : executed };
  return [{ name: 'commit', state: { ...state, ...done, ran: example.atomic ? raised(ran, table, to) : ran } }];
}

function raised(ran: readonly number[], from: number, to: number): readonly number[] {
  return ran.map((times, table) => (table >= from && table < to ? times + 1 : times));
}

export function captureTurns(state: DdlState, { rules }: At): readonly Turn<DdlState>[] {
  const entry = state.binlog[state.read];
  if (!entry) return [];
  const next = { ...state, read: state.read + 1 };
  if (entry.kind === 'intent') return [{ name: 'read intent', state: { ...next, seen: [...state.seen, entry.table] } }];
  const isCopy = rules.copies === 'intents since it started' ? state.seen.includes(entry.table) : isMarked(state, entry, rules.copies);
  return [{ name: `read ${entry.kind}`, state: isCopy ? next : { ...next, own: state.own + 1 } }];
}

function isMarked({ intents }: DdlState, entry: Exclude<Logged, { kind: 'intent' }>, copies: string): boolean {
  if (entry.kind === 'statement') return entry.witness !== null;
  return copies === 'witness and recovery' && intents.some(({ table }) => table === entry.table);
}

export function killTurns(state: DdlState, at: At): readonly Turn<DdlState>[] {
  const { kills, loaders, log, checkpoint } = state;
  const turns: Turn<DdlState>[] = [];
  const isOver = checkpoint === log.length || loaders.some(({ phase }) => phase === 'held');
  const last = loaders.at(-1)!;
  if (isOver) return turns;
  if (kills.loader > 0) {
    const killed = withLoader(state, { ...last, phase: 'gone' });
    turns.push({ name: `kill loader ${last.session}`, state: successor(killed, { ...kills, loader: kills.loader - 1 }) });
  }
  if (kills.sleep > 0) turns.push({ name: `loader ${last.session} sleeps`, state: successor(state, { ...kills, sleep: kills.sleep - 1 }) });
  if (kills.server > 0) turns.push({ name: 'kill server', state: afterCrash(state, at) });
  if (kills.capture > 0) {
    const left = { ...kills, capture: kills.capture - 1 };
    turns.push({ name: 'kill source capture', state: { ...state, log: [...log, log.at(-1)!], kills: left } });
    turns.push({ name: 'kill target capture', state: { ...state, seen: [], kills: left } });
  }
  return turns;
}

function successor(state: DdlState, kills: DdlState['kills']): DdlState {
  const session = state.loaders.length + 1;
  return { ...state, kills, epoch: session, loaders: [...state.loaders, { session, phase: 'start' }] };
}

/** All sessions are gone, and what ran without being committed; MariaDB logs what was dropped of it, under its own server id. */
function afterCrash(state: DdlState, { example }: At): DdlState {
  const { running, binlog, kills } = state;
  const isTorn = running !== null && !example.atomic && running.next > running.table;
  const recovery: readonly Logged[] = isTorn ? [{ kind: 'recovery', table: running.table }] : [];
  const loaders = state.loaders.map((loader) => ({ ...loader, phase: 'gone' as const }));
  const after = { ...state, loaders, running: null, holder: 0, binlog: [...binlog, ...recovery] };
  return successor(after, { ...kills, server: kills.server - 1 });
}

function withLoader(state: DdlState, loader: Loader): DdlState {
  return { ...state, loaders: state.loaders.map((one) => (one.session === loader.session ? loader : one)) };
}
