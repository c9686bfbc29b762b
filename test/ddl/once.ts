/**
 * The proof that each schema change of a log was carried out once: what the log has, what the loader wrote down, what the target's server
 * says that it ran, and what stands in its binlog.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { DdlRecord } from '@lutra/model';
import { withAdministrator } from '../harness/index.js';
import type { MysqlServer } from '../servers/index.js';
import { type Carried, carriedBy } from './ddl-way.js';

/** UUIDs of statements that a loader ran begin so. */
const witness = '4c757472';

export interface OnceOptions {
  readonly target: MysqlServer;
  /** Uid of the pipeline. */
  readonly pipeline: string;
  /** Of the source's log, each that concerns the pipeline, however often it stands there. */
  readonly records: readonly Pick<DdlRecord, 'id' | 'statement'>[];
  /** Ids of records that were met or answered: they ran under no witness. */
  readonly byHand?: (carried: Carried) => boolean;
}

/** In words; none: once each. */
export async function notOnce({ target, pipeline, records, byHand = () => false }: OnceOptions): Promise<readonly string[]> {
  const carried = await carriedBy(target, pipeline);
  const ids = [...new Set(records.map(({ id }) => id))];
  const known = new Set(carried.map(({ record }) => record));
  const lost = ids.filter((id) => !known.has(id)).map((id) => `${id} is in the log, and not in lutra.ddl`);
  const strange = carried
    .filter(({ record }) => !ids.includes(record))
    .map(({ record }) => `${record} is in lutra.ddl, and not in the log`);
  const ran = carried.filter((one) => !byHand(one));
  const open = ran.filter(({ state }) => state !== 'done').map(({ record, state }) => `${record} is ${state}`);
  const times = await withAdministrator(target, witnessesOf);
  const gtids = ran.map(({ incarnation, n }) => `${incarnation}:${n}`);
  const wrong = gtids.filter((gtid) => times.get(gtid) !== 1).map((gtid) => `${gtid} is ${times.get(gtid) ?? 0} times in the binlog`);
  const twice = gtids.filter((gtid, index) => gtids.indexOf(gtid) !== index).map((gtid) => `${gtid} is of two records`);
  const ours = new Set(carried.map(({ incarnation }) => incarnation));
  const extra = [...times.keys()].filter((gtid) => ours.has(gtid.split(':')[0] ?? '') && !gtids.includes(gtid));
  return [...lost, ...strange, ...open, ...wrong, ...twice, ...extra.map((gtid) => `${gtid} is in the binlog, and of no record`)];
}

/** GTIDs of statements that loaders ran here → how often the binlog has them. */
export async function witnessesOf(connection: Connection): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>();
  const [files] = await connection.query<RowDataPacket[]>('SHOW BINARY LOGS');
  for (const file of files) {
    const [events] = await connection.query<RowDataPacket[]>('SHOW BINLOG EVENTS IN ?', [file['Log_name']]);
    for (const event of events) {
      const [, gtid] = /GTID_NEXT= ?'([^']+)'/.exec(String(event['Info'])) ?? [];
      if (gtid?.startsWith(witness)) times.set(gtid, (times.get(gtid) ?? 0) + 1);
    }
  }
  return times;
}
