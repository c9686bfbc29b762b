/**
 * Clients write at A, and are to write at B. One row: its value is the last write. A capture that may be killed, a loader, an operator.
 * docs/decisions/0039-operations.md.
 */
import { endsOf } from './paths.js';
import type { Ends, Turn } from './paths.js';

export interface SwitchRules {
  /** A is read only before anything is asked. */
  readonly fence: boolean;
  /** No XA transaction is prepared at A any more: its COMMIT passes `read_only`. */
  readonly prepared: 'looked for' | 'forgotten';
  /** When the end of A's binlog is read. */
  readonly end: 'closed' | 'open';
  /** When an order is answered: Kafka has the record, or it is handed over. */
  readonly answer: 'acknowledged' | 'handed over';
  /** What shows that B has all: its checkpoint is behind the barrier, or the log has it. */
  readonly proof: 'checkpoint' | 'published';
}

export const switchProtocol: SwitchRules = {
  fence: true,
  prepared: 'looked for',
  end: 'closed',
  answer: 'acknowledged',
  proof: 'checkpoint',
};

export interface SwitchCase {
  readonly writes: number;
  readonly prepared: number;
  readonly kills: number;
}

type Entry = number | 'barrier' | 'heartbeat';

interface State {
  readonly writesLeft: number;
  readonly preparedLeft: number;
  readonly kills: number;
  readonly isClosed: boolean;
  /** Writes at A, in their order. */
  readonly binlog: readonly number[];
  /** Acknowledged records, and those under way. A seq is a place in both. */
  readonly log: readonly Entry[];
  readonly underWay: readonly Entry[];
  /** Records that B has applied. */
  readonly applied: number;
  readonly step: 'fence' | 'prepared' | 'order' | 'wait' | 'open' | 'opened';
  /** Of A's binlog, as the order names it. */
  readonly end: number | null;
  /** seq that the order was answered with. */
  readonly answered: number | null;
  readonly isOpen: boolean;
}

export function exploreSwitch(of: SwitchCase, rules: SwitchRules): Ends {
  const first: State = {
    writesLeft: of.writes,
    preparedLeft: of.prepared,
    kills: of.kills,
    isClosed: false,
    binlog: [],
    log: [],
    underWay: [],
    applied: 0,
    step: 'fence',
    end: null,
    answered: null,
    isOpen: false,
  };
  return endsOf<State>({
    first,
    turns: (state) => (state.isOpen ? [] : [...clients(state), ...capture(state, rules), ...loader(state), ...operator(state, rules)]),
    verdict: (state) => (state.isOpen ? missing(state) : 'it never ends'),
  });
}

/** Clients write at B from now on, over what is on its way. */
function missing({ binlog, log, applied }: State): string | null {
  const lost = binlog.find((write) => !log.slice(0, applied).includes(write));
  return lost === undefined ? null : `B is opened without write ${lost}`;
}

function clients(state: State): readonly Turn<State>[] {
  const { writesLeft, preparedLeft, binlog, isClosed } = state;
  const written = { ...state, binlog: [...binlog, binlog.length + 1] };
  const turns: Turn<State>[] = [];
  if (writesLeft > 0 && !isClosed) turns.push({ name: 'a client writes at A', state: { ...written, writesLeft: writesLeft - 1 } });
  if (preparedLeft > 0)
    turns.push({ name: 'a prepared transaction is committed at A', state: { ...written, preparedLeft: preparedLeft - 1 } });
  return turns;
}

function capture(state: State, { answer }: SwitchRules): readonly Turn<State>[] {
  const { binlog, log, underWay, kills, end, answered } = state;
  const read = [...log, ...underWay].filter((entry) => typeof entry === 'number').length;
  const turns: Turn<State>[] = [];
  const write = binlog[read];
  if (write !== undefined) turns.push({ name: `capture reads ${write}`, state: { ...state, underWay: [...underWay, write] } });
  const isAsked = end !== null && answered === null && read >= end && ![...log, ...underWay].includes('barrier');
  if (isAsked) {
    const handed = { ...state, underWay: [...underWay, 'barrier' as const] };
    const told = answer === 'handed over' ? { ...handed, answered: log.length + underWay.length } : handed;
    turns.push({ name: 'capture hands the barrier over', state: told });
  }
  const [first, ...rest] = underWay;
  if (first !== undefined) {
    const acked = { ...state, log: [...log, first], underWay: rest };
    const isAnswer = first === 'barrier' && answer === 'acknowledged';
    turns.push({ name: `Kafka has ${first}`, state: isAnswer ? { ...acked, answered: log.length } : acked });
  }
  // The next one begins with a heartbeat.
  if (kills > 0) turns.push({ name: 'capture is killed', state: { ...state, kills: kills - 1, underWay: ['heartbeat'] } });
  return turns;
}

function loader(state: State): readonly Turn<State>[] {
  const { applied, log } = state;
  return applied < log.length ? [{ name: `B applies ${log[applied]}`, state: { ...state, applied: applied + 1 } }] : [];
}

function operator(state: State, rules: SwitchRules): readonly Turn<State>[] {
  const { step, binlog, preparedLeft, answered, applied, log, end } = state;
  switch (step) {
    case 'fence': {
      const early = rules.end === 'open' ? { end: binlog.length } : {};
      return [{ name: 'A is closed', state: { ...state, ...early, isClosed: rules.fence, step: 'prepared' } }];
    }
    case 'prepared':
      if (rules.prepared === 'looked for' && preparedLeft > 0) return [];
      return [{ name: 'no transaction is prepared', state: { ...state, step: 'order' } }];
    case 'order':
      return [{ name: 'the end of A is asked for', state: { ...state, end: end ?? binlog.length, step: 'wait' } }];
    case 'wait': {
      if (answered === null) return [];
      const isThere = rules.proof === 'published' ? log.length > answered : applied > answered;
      return isThere ? [{ name: 'B has all', state: { ...state, step: 'open' } }] : [];
    }
    case 'open':
      return [{ name: 'B is opened', state: { ...state, isOpen: true, step: 'opened' } }];
    case 'opened':
      return [];
  }
}

export interface FailoverRules {
  /** A → B is paused before B is opened, or A is simply left alone. */
  readonly pause: boolean;
}

interface Lost {
  /** Writes at A: those that were published, and all. */
  readonly published: number;
  readonly applied: number;
  readonly isBack: boolean;
  readonly isPaused: boolean;
  readonly isOpen: boolean;
  /** Clients have written at B. */
  readonly isWritten: boolean;
  /** The newest value at B. */
  readonly row: string;
}

/** A is lost with a tail that was not published, and comes back at any time. Under `overwrite` nobody notices what its tail replaces. */
export function exploreFailover(writes: number, { pause }: FailoverRules): Ends {
  const first: Lost = { published: 0, applied: 0, isBack: false, isPaused: false, isOpen: false, isWritten: false, row: '' };
  return endsOf<Lost>({
    first,
    turns(state) {
      const turns: Turn<Lost>[] = [];
      const { published, applied, isBack, isPaused, isOpen, isWritten } = state;
      const isUp = isBack || !isOpen;
      if (published < writes && isUp) turns.push({ name: `${published + 1} is published`, state: { ...state, published: published + 1 } });
      if (applied < published && !isPaused)
        turns.push({ name: `B applies ${applied + 1}`, state: { ...state, applied: applied + 1, row: `A${applied + 1}` } });
      if (!isOpen && pause && !isPaused) turns.push({ name: 'A → B is paused', state: { ...state, isPaused: true } });
      if (!isOpen && (isPaused || !pause)) turns.push({ name: 'A is lost, B is opened', state: { ...state, isOpen: true } });
      if (isOpen && !isWritten) turns.push({ name: 'a client writes at B', state: { ...state, isWritten: true, row: 'B' } });
      if (isOpen && !isBack) turns.push({ name: 'A comes back', state: { ...state, isBack: true } });
      return turns;
    },
    verdict: ({ row }) => (row === 'B' ? null : `a write at B is gone: the row is ${row}`),
  });
}
