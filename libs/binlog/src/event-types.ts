/**
 * Every type of binlog event, by what it means for us. A whitelist: a type that is not listed as harmless or read stops the reader,
 * because it could carry rows.
 */
export const eventType = {
  query: 2,
  stop: 3,
  rotate: 4,
  format: 15,
  xid: 16,
  executeLoadQuery: 18,
  tableMap: 19,
  heartbeat: 27,
  gtid: 33,
  anonymousGtid: 34,
  previousGtids: 35,
  xaPrepare: 38,
  gtidTagged: 42,
  mariadbGtid: 162,
  mariadbGtidList: 163,
} as const;

/** What a rows event does, and whether it is of version 2, which has a block of extra data before the rows. */
export interface RowsType {
  readonly op: 'c' | 'u' | 'd';
  readonly extra: boolean;
}

export const rowsTypes: ReadonlyMap<number, RowsType> = new Map([
  [23, { op: 'c', extra: false }],
  [24, { op: 'u', extra: false }],
  [25, { op: 'd', extra: false }],
  [30, { op: 'c', extra: true }],
  [31, { op: 'u', extra: true }],
  [32, { op: 'd', extra: true }],
]);

/** Carry no rows and end no transaction. */
export const harmlessTypes: ReadonlySet<number> = new Set([
  // what a statement behind them is run with: a number, a seed, a variable, a file; the statement itself is judged
  5,
  13,
  14,
  9,
  11,
  17,
  28, // ignorable
  29, // rows query: the statement's text
  36, // transaction context (group replication)
  37, // view change (group replication)
  41, // heartbeat of version 2, which we do not ask for
  160, // annotate rows: the statement's text (MariaDB)
  161, // binlog checkpoint (MariaDB)
  164, // start encryption (MariaDB); the stream itself is in clear
]);

const mariadbCompressed = 'a compressed event (log_bin_compress=ON)';

const reasons: ReadonlyMap<number, string> = new Map([
  [26, 'an incident: the server says that it lost events'],
  [39, 'a partial JSON update (binlog_row_value_options=PARTIAL_JSON)'],
  [40, 'a compressed transaction (binlog_transaction_compression=ON)'],
  [165, mariadbCompressed],
  [166, mariadbCompressed],
  [167, mariadbCompressed],
  [168, mariadbCompressed],
  [169, mariadbCompressed],
  [170, mariadbCompressed],
  [171, mariadbCompressed],
]);

/** Why an event of this type stops the reader. */
export function unsupportedReason(type: number): string {
  return reasons.get(type) ?? `an event of type ${type}, which Lutra does not know`;
}
