/**
 * The settings of a source that would lose or falsify rows. They are the global ones: a session that was opened before a change keeps
 * the old value.
 */
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import { setGlobal } from './server-facts.js';
import type { ServerFacts } from './server-facts.js';

interface Setting {
  readonly variable: string;
  readonly wanted: string;
  readonly why: string;
  readonly severity?: 'warning';
  /** Some servers do not have it: then it is as wanted. */
  readonly optional?: true;
  /** Instead of SET PERSIST. */
  readonly fix?: string;
}

const settings: readonly Setting[] = [
  { variable: 'log_bin', wanted: 'ON', why: 'there is no binlog to read', fix: 'in my.cnf: [mysqld] log_bin = binlog; then restart' },
  { variable: 'binlog_format', wanted: 'ROW', why: 'changes would come as statements, not as rows', optional: true },
  { variable: 'binlog_row_image', wanted: 'FULL', why: 'columns would be missing in the row images' },
  { variable: 'binlog_row_metadata', wanted: 'FULL', why: 'names, keys and character sets of the columns would be missing' },
  { variable: 'binlog_row_value_options', wanted: '', why: 'JSON values would come as differences', optional: true },
  { variable: 'binlog_transaction_compression', wanted: 'OFF', why: 'transactions would come compressed', optional: true },
  { variable: 'log_bin_compress', wanted: 'OFF', why: 'events would come compressed', optional: true },
  {
    variable: 'gtid_mode',
    wanted: 'ON',
    why: 'without GTIDs a failover to another server cannot be followed',
    severity: 'warning',
    optional: true,
    fix: "SET PERSIST enforce_gtid_consistency = ON; then gtid_mode step by step: 'OFF_PERMISSIVE', 'ON_PERMISSIVE', 'ON'",
  },
  { variable: 'sync_binlog', wanted: '1', why: 'after a crash the server may lack what was published already', severity: 'warning' },
  {
    variable: 'innodb_flush_log_at_trx_commit',
    wanted: '1',
    why: 'after a crash the server may lack what was published already',
    severity: 'warning',
  },
];

export interface WantedSetting {
  /** Of the problem. */
  readonly id: string;
  readonly variable: string;
  readonly value: string;
}

/** Those that must be another value, and can be while the server runs. */
export function settingsToSet(server: ServerFacts): readonly WantedSetting[] {
  return wrong(server)
    .filter(({ severity, fix }) => severity === undefined && fix === undefined)
    .map(({ variable, wanted }) => ({ id: idOf(variable), variable, value: wanted }));
}

function wrong({ variables }: ServerFacts): readonly Setting[] {
  return settings.filter(({ variable, wanted, optional }) => {
    const value = variables.get(variable);
    return value === undefined ? !optional : value.toUpperCase() !== wanted;
  });
}

export function checkSourceSettings(server: ServerFacts): readonly Problem[] {
  const found = wrong(server).map((setting) => {
    const value = server.variables.get(setting.variable);
    const what = `${setting.variable} is ${value === undefined ? 'unknown to this server' : `'${value}'`} instead of '${setting.wanted}': ${setting.why}`;
    const fix = setting.fix ?? setGlobal(server, setting.variable, setting.wanted);
    return problem(setting.severity ?? 'error', idOf(setting.variable), what, fix);
  });
  return [...found, ...checkExpiry(server)];
}

function idOf(variable: string): string {
  return variable.replaceAll('_', '-');
}

const daySeconds = 86_400;

/** 0 keeps binlogs for ever. */
function checkExpiry(server: ServerFacts): readonly Problem[] {
  const seconds = Number(server.variables.get('binlog_expire_logs_seconds') ?? 0);
  if (seconds === 0 || seconds >= daySeconds) return [];
  const what = `binlogs are removed after ${seconds} s: a capture that is down for longer loses its position`;
  return [problem('warning', 'binlog-expiry', what, setGlobal(server, 'binlog_expire_logs_seconds', String(7 * daySeconds)))];
}
