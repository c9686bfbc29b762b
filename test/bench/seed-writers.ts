/** Who writes at the source while it is seeded: single-row transactions in the seeded tables, and a heartbeat whose arrival is timed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection, type Connection, type ConnectionOptions, type RowDataPacket } from 'mysql2/promise';
import { Random } from '../harness/index.js';

const writers = 4;
const transactionsPerSecond = 200;
const beatMs = 50;
const lookMs = 10;
const arrivalBoundMs = 60_000;

export interface Written {
  readonly transactions: number;
  /** Of each heartbeat, from the answer to its COMMIT to its sight at the target. */
  readonly latenciesMs: readonly number[];
}

export interface WriteOptions {
  readonly from: ConnectionOptions;
  readonly to: ConnectionOptions;
  readonly database: string;
  /** `database.table` with an id. */
  readonly heartbeat: string;
}

/** While the work lasts; heartbeats until the last one has arrived. */
export async function whileWriting({ from, to, database, heartbeat }: WriteOptions, work: Promise<unknown>): Promise<Written> {
  const isOver = new AbortController();
  const over = work.finally(() => isOver.abort());
  over.catch(() => undefined); // awaited at the end
  const connections = await Promise.all([
    ...Array.from({ length: writers + 1 }, () => createConnection({ ...from })),
    createConnection(to),
  ]);
  const [beating, looking] = connections.splice(-2);
  if (!beating || !looking) throw new Error('there are no connections');
  try {
    const beats = beat(beating, heartbeat, isOver.signal);
    const [latenciesMs, ...counts] = await Promise.all([
      sightings(looking, heartbeat, beats),
      ...connections.map((connection, i) => write(connection, { database, number: i, signal: isOver.signal })),
    ]);
    await over;
    return { transactions: counts.reduce((sum, count) => sum + count, 0), latenciesMs };
  } finally {
    for (const connection of [...connections, beating, looking]) connection.destroy();
  }
}

interface Beats {
  /** When each was committed, by its id from 1. */
  readonly committed: number[];
  readonly ended: Promise<void>;
}

function beat(connection: Connection, table: string, signal: AbortSignal): Beats {
  const committed: number[] = [];
  const run = async (): Promise<void> => {
    for (let id = 1; !signal.aborted; id++) {
      await connection.query(`INSERT INTO ${table} VALUES (${id})`);
      committed[id] = performance.now();
      await sleep(beatMs);
    }
  };
  const ended = run();
  ended.catch(() => undefined); // awaited by who looks
  return { committed, ended };
}

/** They are committed one after the other, and so they arrive. */
async function sightings(connection: Connection, table: string, { committed, ended }: Beats): Promise<readonly number[]> {
  const latencies: number[] = [];
  let [isEnded, seen, movedAt] = [false, 0, performance.now()];
  const over = ended.then(() => void (isEnded = true));
  for (; !isEnded || seen < committed.length - 1; await sleep(lookMs)) {
    const [[row]] = await connection.query<RowDataPacket[]>(`SELECT COALESCE(MAX(id), 0) AS id FROM ${table}`);
    const now = performance.now();
    const there = Number(row?.['id']);
    if (there > seen) movedAt = now;
    for (; seen < there; seen++) latencies.push(Math.max(0, now - (committed[seen + 1] ?? now)));
    if (now - movedAt > arrivalBoundMs) throw new Error(`heartbeat ${seen + 1} did not arrive within ${arrivalBoundMs / 1000} s`);
  }
  await over;
  return latencies;
}

/** @returns how many transactions */
async function write(
  connection: Connection,
  { database, number, signal }: { readonly database: string; readonly number: number; readonly signal: AbortSignal },
): Promise<number> {
  const random = new Random(number + 1);
  const [[row]] = await connection.query<RowDataPacket[]>(`SELECT MAX(id) AS rows_of FROM ${database}.sbtest1`);
  const rows = Number(row?.['rows_of']);
  const begin = performance.now();
  let done = 0;
  for (; !signal.aborted; done++) {
    await connection.query(statement(random, { database, rows, fresh: 1_000_000_000 + done * writers + number }));
    const due = begin + (1000 * (done + 1) * writers) / transactionsPerSecond;
    await sleep(Math.max(0, due - performance.now()));
  }
  return done;
}

function statement(
  random: Random,
  { database, rows, fresh }: { readonly database: string; readonly rows: number; readonly fresh: number },
) {
  const choice = random.next();
  const id = random.int(1, rows);
  const table = `${database}.sbtest${random.int(1, 2)}`;
  if (choice < 0.5) return `UPDATE ${table} SET k = k + 1 WHERE id = ${id}`;
  if (choice < 0.7) return `UPDATE ${database}.orders SET total = total + 1 WHERE id = ${id}`;
  if (choice < 0.9) return `INSERT INTO ${database}.bulk (id, batch, payload) VALUES (${fresh}, 1, 'written while it is seeded')`;
  return `DELETE FROM ${table} WHERE id = ${id}`;
}
