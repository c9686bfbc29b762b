/** What a session at the source may set between two statements, and that a server computes with. Pure. */
import type { Random } from '../harness/random.js';
import type { Feature } from './schema.js';

export interface Setting {
  readonly kind: string;
  readonly sql: string;
}

/** Client character sets of the sessions: the bytes of a statement are those, and so are the names in it. */
export const charsets = ['utf8mb4', 'latin1', 'gbk'] as const;
export type Charset = (typeof charsets)[number];

const modes = [
  'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION',
  '',
  'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO',
  'ALLOW_INVALID_DATES',
  'STRICT_ALL_TABLES,ALLOW_INVALID_DATES',
  'PAD_CHAR_TO_FULL_LENGTH',
  'STRICT_TRANS_TABLES,PAD_CHAR_TO_FULL_LENGTH',
  'TIME_TRUNCATE_FRACTIONAL',
  'STRICT_TRANS_TABLES,TIME_TRUNCATE_FRACTIONAL,NO_BACKSLASH_ESCAPES',
  'NO_UNSIGNED_SUBTRACTION,NO_AUTO_VALUE_ON_ZERO',
  'STRICT_TRANS_TABLES,HIGH_NOT_PRECEDENCE,IGNORE_SPACE,REAL_AS_FLOAT',
];

const common: readonly ((random: Random) => string)[] = [
  (random) => `time_zone = '${random.pick(['+00:00', '+08:00', '-05:00', '+13:45', 'SYSTEM'])}'`,
  (random) => `sql_mode = '${random.pick(modes)}'`,
  (random) => `sql_mode = '${random.pick(modes)}'`,
  (random) => `lc_time_names = '${random.pick(['en_US', 'de_DE', 'fr_FR', 'zh_CN'])}'`,
  (random) => `timestamp = ${random.pick(['1700000000.5', '1583020799.999999', '951782400', 'DEFAULT'])}`,
  (random) => `collation_connection = ${random.pick(['utf8mb4_bin', 'utf8mb4_0900_ai_ci', 'latin1_german2_ci'])}`,
  (random) => `div_precision_increment = ${random.pick([0, 4, 9])}`,
  (random) => `default_week_format = ${random.pick([0, 1, 3, 6])}`,
  (random) => `insert_id = ${random.int(1, 60)}`,
  (random) => `unique_checks = ${random.int(0, 1)}`,
  (random) => `explicit_defaults_for_timestamp = ${random.int(0, 1)}`,
  (random) => `transaction_isolation = '${random.pick(['READ-COMMITTED', 'REPEATABLE-READ', 'SERIALIZABLE'])}'`,
  (random) => `binlog_rows_query_log_events = ${random.int(0, 1)}`,
  (random) => `auto_increment_increment = ${random.pick([1, 2, 3])}`,
  (random) => `character_set_results = ${random.pick(['utf8mb4', 'latin1'])}`,
];

const computing = /^(?:time_zone|sql_mode|lc_time_names|collation_connection|div_precision|default_week|explicit)/;

export function settingOf(random: Random, features: ReadonlySet<Feature>): Setting {
  const chosen = random.chance(0.15) && features.has('cascade') ? `foreign_key_checks = ${random.int(0, 1)}` : random.pick(common)(random);
  const set = computing.test(chosen) && !features.has('session') ? 'unique_checks = 1' : chosen;
  return { kind: `set ${set.split(' ')[0]}`, sql: `SET SESSION ${set}` };
}
