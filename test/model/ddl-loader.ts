/** A loader's steps for one schema-change record. */
import type { At, DdlState, Intent, Loader } from './ddl-words.js';
import type { Turn } from './paths.js';

interface Doing extends At {
  readonly session: number;
  readonly record: string;
}

export function loaderTurns(state: DdlState, { session, phase }: Loader, at: At): readonly Turn<DdlState>[] {
  const { rules } = at;
  if (phase === 'gone' || phase === 'held') return [];
  if (phase === 'sent') {
    const isAnswered = state.running?.session !== session;
    return isAnswered ? go(state, { session, phase: 'done' }, 'answer') : [];
  }
  if (rules.lock && state.holder !== session)
    return state.holder === 0 ? go({ ...state, holder: session }, { session, phase }, 'lock') : [];
  const place = state.log[state.checkpoint];
  if (place === undefined) return [];
  const doing = { ...at, session, record: rules.known === 'by id' ? place : `${place} ${state.checkpoint}` };
  const isStale = session < state.epoch;
  // Each of these is a transaction behind the fence of its own.
  if (phase === 'start') return started(state, doing);
  if (phase === 'intent') return isStale ? stopped(state, session) : go(withIntent(state, doing), { session, phase: 'send' }, 'intent');
  if (phase === 'done') return isStale ? stopped(state, session) : go(withDone(state, doing), { session, phase: 'start' }, 'done');
  if (phase === 'send') return rules.fence && isStale ? stopped(state, session) : go(state, { session, phase: 'checked' }, 'fence');
  return sent(state, doing);
}

function stopped(state: DdlState, session: number): readonly Turn<DdlState>[] {
  return go(state, { session, phase: 'gone' }, 'fenced');
}

function go(state: DdlState, loader: Loader, name: string): readonly Turn<DdlState>[] {
  const loaders = state.loaders.map((one) => (one.session === loader.session ? loader : one));
  return [{ name: `${name} ${loader.session}`, state: { ...state, loaders } }];
}

function intentsOf({ intents }: DdlState, record: string): readonly Intent[] {
  return intents.filter((intent) => intent.record === record);
}

function started(state: DdlState, doing: Doing): readonly Turn<DdlState>[] {
  const { session, record, rules } = doing;
  if (!rules.intent) return go(state, { session, phase: 'send' }, 'begin');
  const last = intentsOf(state, record).at(-1);
  if (last?.isDone && isWhole(state, doing)) {
    const isStale = session < state.epoch;
    return isStale ? stopped(state, session) : go({ ...state, checkpoint: state.checkpoint + 1 }, { session, phase: 'start' }, 'known');
  }
  if (!last || last.isDone) return go(state, { session, phase: 'intent' }, 'begin');
  const said = recovered(state, last, doing);
  if (said === 'undecided') return go(state, { session, phase: 'held' }, 'undecided');
  return go(state, { session, phase: said === 'ran' ? 'done' : 'send' }, said);
}

function isWhole(state: DdlState, { record, rules, example }: Doing): boolean {
  return rules.drops === 'whole' || intentsOf(state, record).length === example.tables;
}

/** What became of an open intent. */
function recovered(state: DdlState, intent: Intent, { rules, example }: Doing): 'ran' | 'not run' | 'undecided' {
  if (rules.recovery !== 'witness') return rules.recovery === 'run again' ? 'not run' : 'ran';
  const hasChanged = state.ran[intent.table]! > intent.ran;
  if (rules.goneIsRan && !example.atomic && hasChanged) return 'ran';
  if (rules.witness === 'gtid') return state.executed.includes(intent.witness) ? 'ran' : 'not run';
  if (rules.witness === 'server id')
    return state.binlog.slice(intent.from).some((entry) => entry.kind === 'statement' && entry.witness !== null) ? 'ran' : 'not run';
  if (example.kind === 'visible') return hasChanged ? 'ran' : 'not run';
  return example.kind === 'repeatable' ? 'not run' : 'undecided';
}

function withIntent(state: DdlState, { record, rules }: Doing): DdlState {
  const { intents, executed, binlog, ran } = state;
  const table = intentsOf(state, record).length;
  let n = intents.length + 1;
  while (rules.number === 'not executed' && executed.includes(`p:${n}`)) n += 1;
  const intent: Intent = { record, table, witness: `p:${n}`, isDone: false, from: binlog.length, ran: ran[table]! };
  return { ...state, intents: [...intents, intent], binlog: [...binlog, { kind: 'intent', table }] };
}

function withDone(state: DdlState, doing: Doing): DdlState {
  const { record, rules } = doing;
  const checkpoint = !rules.intent || isWhole(state, doing) ? state.checkpoint + 1 : state.checkpoint;
  return { ...state, checkpoint, intents: state.intents.map((one) => (one.record === record ? { ...one, isDone: true } : one)) };
}

/** Behind what runs already: the server's metadata lock, and the owner of a GTID, are waited for. */
function sent(state: DdlState, { session, record, rules, example }: Doing): readonly Turn<DdlState>[] {
  const { running, executed, ran } = state;
  if (running) return [];
  const open = intentsOf(state, record).at(-1);
  const witness = open?.witness ?? 'p:1';
  if (rules.witness === 'gtid' && executed.includes(witness)) return go(state, { session, phase: 'done' }, 'skipped by the server');
  const table = open?.table ?? 0;
  const to = rules.drops === 'whole' ? example.tables : table + 1;
  const isUnknown = !example.atomic && ran.slice(table, to).some((times) => times > 0);
  if (isUnknown) return go(state, { session, phase: 'held' }, 'unknown table');
  return go({ ...state, running: { session, table, to, next: table, witness } }, { session, phase: 'sent' }, 'statement');
}
