/** What applications, persons and online tools do on one side. */
import type { BothCase, BothRules, BothState, Clause, Entry, Here, Side, Statement, Table, Values } from './ddl-both-words.js';
import type { Turn } from './paths.js';

export function writes(state: BothState, side: Side, { scripts, contractFrom }: BothCase, rules: BothRules): readonly Turn<BothState>[] {
  const here = state[side];
  const statement = scripts[side][here.written];
  if (!statement) return [];
  const { B } = state;
  const isEarly = side === 'A' && here.written === contractFrom && !(B.written === scripts.B.length && here.applied === B.log.length);
  if (isEarly) return [];
  const next = { ...executed(here, statement, rules), written: here.written + 1 };
  return [{ name: `${statement.do} ${side}`, state: { ...state, [side]: next } }];
}

function executed(here: Here, statement: Statement, rules: BothRules): Here {
  if (statement.do === 'write') return written(here, statement, rules);
  if (statement.do === 'ddl') {
    const next = altered(here, statement.clauses);
    return isSound(next) ? log(next, { kind: 'ddl', clauses: statement.clauses, seen: here.applied }) : here;
  }
  if (statement.do === 'enter') return entered(here, rules);
  const { columns, rows, shadow } = here;
  if (columns === null) return here;
  if (statement.do === 'backfill') return backfilled(here, statement, rules);
  if (statement.do === 'shadow') {
    const made = [...new Set([...columns, statement.add])].sort();
    return carried({ ...here, shadow: { columns: made, rows: {} } }, { kind: 'shadow', columns: made }, rules);
  }
  if (shadow === null) return here;
  const copied = Object.keys(rows).reduce((done, key) => inShadow(done, key, rules), here);
  if (statement.do === 'copy') return copied;
  // gh-ost has replayed all when it swaps; the triggers of pt-osc have all since they were made.
  const full = rules.tool === 'gh-ost' ? copied : here;
  const left: Here = { ...full, columns: null, away: columns };
  // Its rows are those of the shadow by now, and nobody writes in between.
  if (statement.do === 'leave')
    return rules.leave === 'drops' ? log(left, { kind: 'ddl', clauses: [{ table: 'drop' }], seen: here.applied }) : left;
  return entered(left, rules);
}

/** What the shadow has, the table has; which clauses made it so is known if its making was seen. */
function entered(here: Here, rules: BothRules): Here {
  const { shadow, away } = here;
  if (shadow === null || away === null) return here;
  const { columns, rows } = shadow;
  const swapped: Here = { ...here, columns, rows, shadow: null, away: null };
  if (rules.shadows === 'carried') return log(swapped, { kind: 'swap' });
  const add = columns.filter((column) => !away.includes(column)).map((column) => ({ add: column }));
  const known = shadow.isOlder ? (rules.begun === 'held' ? null : []) : add;
  return log(swapped, { kind: 'ddl', clauses: known, isRedefine: true, becomes: columns, seen: here.applied });
}

/** A column that the table lacks is not written: the application uses it when it is there. */
function written(here: Here, { key, values }: Extract<Statement, { do: 'write' }>, rules: BothRules): Here {
  const { columns, rows, applied: seen } = here;
  if (columns === null) return here;
  const known = values && Object.fromEntries(columns.map((column) => [column, values[column] ?? rows[key]?.[column] ?? '']));
  const next = log({ ...here, rows: put(rows, key, known) }, { kind: 'row', key, values: known, seen });
  if (!isSound(next)) return here;
  return rules.tool === 'pt-osc' && here.shadow !== null && known ? inShadow(next, key, rules) : next;
}

function backfilled(here: Here, { from, to }: Extract<Statement, { do: 'backfill' }>, rules: BothRules): Here {
  return Object.entries(here.rows).reduce((done, [key, values]) => {
    const isNew = values[to] === '' && values[from] !== undefined;
    return isNew ? written(done, { do: 'write', key, values: { ...values, [to]: values[from]! } }, rules) : done;
  }, here);
}

/** The shadow's row becomes as the table's. */
export function inShadow(here: Here, key: string, rules: BothRules): Here {
  const { shadow, rows } = here;
  const row = rows[key];
  if (!shadow || !row) return here;
  const values = Object.fromEntries(shadow.columns.map((column) => [column, row[column] ?? '']));
  const next = { ...here, shadow: { ...shadow, rows: put(shadow.rows, key, values) } };
  return JSON.stringify(shadow.rows[key]) === JSON.stringify(values) ? here : carried(next, { kind: 'shadow row', key, values }, rules);
}

function carried(here: Here, entry: Entry, { shadows }: BothRules): Here {
  return shadows === 'carried' ? log(here, entry) : here;
}

function log(here: Here, entry: Entry): Here {
  return { ...here, log: [...here.log, entry] };
}

export function put(rows: Table, key: string, values: Values | null): Table {
  const rest = Object.fromEntries(Object.entries(rows).filter(([other]) => other !== key));
  return values === null ? rest : { ...rest, [key]: values };
}

/** What is met already is left as it is. */
export function altered(here: Here, clauses: readonly Clause[]): Here {
  return clauses.reduce<Here>((done, clause) => {
    const { columns, rows, limits } = done;
    if ('table' in clause) {
      if (clause.table === 'create') return columns === null ? { ...done, columns: clause.columns, rows: {} } : done;
      return clause.table === 'drop' ? { ...done, columns: null, rows: {}, limits: [] } : { ...done, rows: {} };
    }
    if (columns === null) return done;
    if ('limit' in clause) {
      const { column, is } = clause.limit;
      return { ...done, limits: [...limits.filter((one) => one.column !== column || typeof one.is !== typeof is), clause.limit] };
    }
    if ('add' in clause) {
      if (columns.includes(clause.add)) return done;
      return { ...done, columns: [...columns, clause.add].sort(), rows: each(rows, (row) => ({ ...row, [clause.add]: '' })) };
    }
    const without = (row: Values): Values => Object.fromEntries(Object.entries(row).filter(([column]) => column !== clause.drop));
    return { ...done, columns: columns.filter((column) => column !== clause.drop), rows: each(rows, without) };
  }, here);
}

/** The server takes the rows as they are. */
export function isSound({ rows, limits }: Here): boolean {
  return limits.every(({ column, is }) => {
    const values = Object.values(rows).flatMap((row) => row[column] ?? []);
    return is === 'unique' ? new Set(values).size === values.length : is === 'required' || values.every(({ length }) => length <= is);
  });
}

function each(rows: Table, change: (row: Values) => Values): Table {
  return Object.fromEntries(Object.entries(rows).map(([key, row]) => [key, change(row)]));
}
