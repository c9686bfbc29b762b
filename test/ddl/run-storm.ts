/** A storm on a pipeline one way, from its first statement to the proof. */
import { createConnection } from 'mysql2/promise';
import { type DdlRecord, routeSchema, rowsTopic } from '@lutra/model';
import { until } from '../accidents/one-way.js';
import { type Log, Random, type Stack } from '../harness/index.js';
import type { MysqlServer } from '../servers/index.js';
import type { DdlWay } from './ddl-way.js';
import { differencesOf } from './definitions.js';
import { LogTail } from './log-tail.js';
import { notOnce } from './once.js';
import { type Counts, kills, Storm, type Victim } from './storm.js';

export const stormDatabase = 'ddl_storm';
export const otherDatabase = 'ddl_storm_other';
export const stormDatabases = [stormDatabase, otherDatabase];

export interface StormRun {
  readonly stack: Stack;
  /** Its routes cover `stormDatabases`. */
  readonly ddl: DdlWay;
  readonly version: '8.0' | '9.7';
  readonly victims: readonly Victim[];
  readonly ms: number;
  readonly seed: number;
  readonly log: Log;
}

export interface Weathered {
  readonly counts: Counts;
  readonly killed: number;
  readonly records: number;
  /** In words; none: both sides are equal, and each statement ran once. */
  readonly wrong: readonly string[];
}

const arriveMs = 300_000;
const lastRow = 1_000_000;

export async function runStorm({ stack, ddl, version, victims, ms, seed, log }: StormRun): Promise<Weathered> {
  const { way } = ddl;
  const source = connectionTo(way.servers[way.from]);
  await way.atSource(`CREATE DATABASE ${stormDatabase}`);
  const storm = new Storm({ source, database: stormDatabase, other: otherDatabase, newer: version === '9.7', seed, log });
  const killing = kills(victims, { random: new Random(seed), signal: AbortSignal.timeout(ms), log });
  const killed = await killing.finally(() => storm.stop());
  const { counts } = storm;
  log(`${counts.statements} statements ran, ${counts.unknown} may have, ${counts.refused} were refused; waiting for the target`);
  await way.write(lastRow);
  const trouble = await notArrived(ddl);
  if (trouble !== null) return { counts, killed, records: 0, wrong: [trouble] };
  const records = await readRecords(stack, ddl);
  const ids = new Set(records.map(({ id }) => id)).size;
  const least = counts.statements + 1;
  const told =
    ids < least || ids > least + counts.unknown ? [`${ids} schema changes are in the log, ${least} to ${least + counts.unknown} ran`] : [];
  return { counts, killed, records: records.length, wrong: [...told, ...(await differences(ddl)), ...(await once(ddl, records))] };
}

/** Null: it has arrived. */
async function notArrived({ way }: DdlWay): Promise<string | null> {
  let end = '';
  const arrived = await until(async () => {
    const [{ source, target }, ids] = await Promise.all([way.status(), way.targetIds().catch((): readonly number[] => [])]);
    end = JSON.stringify({ source, target }, null, 1);
    return ids.includes(lastRow) || ['failed', 'held'].includes(target.state) || source.state === 'failed' || undefined;
  }, arriveMs);
  return arrived && (await way.targetIds()).includes(lastRow) ? null : `the last row has not arrived: ${end}`;
}

async function readRecords(stack: Stack, { way }: DdlWay): Promise<readonly DdlRecord[]> {
  const tail = await LogTail.open(stack, rowsTopic(way.endpoints.source));
  try {
    const logged = await tail.readUntil((one) => one.kind === 'row' && String(one.event.after?.['id']) === String(lastRow), arriveMs);
    return logged.filter((one) => one.kind === 'ddl').map(({ record }) => record);
  } finally {
    await tail.close();
  }
}

async function differences({ way }: DdlWay): Promise<readonly string[]> {
  const source = await createConnection(connectionTo(way.servers[way.from]));
  const target = await createConnection(connectionTo(way.servers[way.to]));
  try {
    const routes = stormDatabases.map((schema) => routeSchema.parse({ schema }));
    return await differencesOf({ source, target }, { routes, databases: stormDatabases });
  } finally {
    source.destroy();
    target.destroy();
  }
}

function once({ way }: DdlWay, records: readonly DdlRecord[]): Promise<readonly string[]> {
  return notOnce({ target: way.servers[way.to], pipeline: way.uid, records });
}

function connectionTo({ host, port, user, password }: MysqlServer) {
  return { host, port, user, password, supportBigNumbers: true, bigNumberStrings: true, dateStrings: true };
}
