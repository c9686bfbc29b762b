/**
 * What a server computes by the session of who writes, where that session cannot be replicated: not in the binlog, not known at the target,
 * or fixed when a server opens the table. Each column, index and check by its name. docs/decisions/0011-source-session.md says what was
 * tried.
 */
import { tableName } from '@lutra/model';
import { foreignModeNames, named, readsLocalTime } from './decided-session.js';
import { quoteText } from './literal.js';
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import { setGlobal, textOf } from './server-facts.js';
import type { ServerFacts } from './server-facts.js';
import type { Computed } from './computed.js';
import type { Queries } from './session-options.js';
import type { TargetTable } from './target-definition.js';

export interface SessionCase {
  readonly source: ServerFacts;
  readonly target: ServerFacts;
  readonly from: TargetTable;
  readonly to: TargetTable;
  /** Conflicts of the table are decided: what is written then is written in our own session. */
  readonly decided: boolean;
  /** What loaders wrote at the source is forwarded: they wrote it in our own session. */
  readonly forwards: boolean;
}

export async function checkSession(target: Queries, at: SessionCase): Promise<readonly Problem[]> {
  const { from, to } = at;
  const replicated = new Set(from.columns.map(({ name }) => name.toLowerCase()));
  const computed = to.computed.filter(
    ({ what, name }) => what !== 'partitions' && (what !== 'default' || !replicated.has(name.toLowerCase())),
  );
  const local = computed.filter((each) => readsLocalTime(each, to));
  return [
    ...(local.length > 0 ? await checkTimeZone(target, at, named(to, local)) : []),
    ...computed.flatMap((each) => checkOpened(at, each)),
    ...computed.flatMap((each) => checkSettings(at, each)),
    ...checkModes(at, computed),
  ];
}

/** Those of the server's sessions that say nothing else; one that does is seen when it writes (decided-session.ts). */
function checkModes({ source, to, decided, forwards }: SessionCase, computed: readonly Computed[]): readonly Problem[] {
  const modes = source.variables.get('sql_mode')?.split(',') ?? [];
  const foreign = modes.filter((mode) => foreignModeNames.includes(mode));
  const stored = computed.filter(({ what }) => what === 'column' || what === 'index');
  if (foreign.length === 0 || stored.length === 0 || !(decided || forwards)) return [];
  const why = decided ? 'a row that a conflict leaves' : 'what loaders wrote at the source and is forwarded';
  const what = `${named(to, stored)} may depend on sql_mode: ${why} is written without ${foreign.join(', ')}`;
  const fix = setGlobal(source, 'sql_mode', modes.filter((mode) => !foreign.includes(mode)).join(','));
  return [problem('error', decided ? 'session-conflicts' : 'session-forwarded', what, `${fix}; or ${plain}`)];
}

const plain = 'make it a plain column that the application writes, or drop it at the target';

async function checkTimeZone(queries: Queries, at: SessionCase, where: string): Promise<readonly Problem[]> {
  const { source, from, to } = at;
  const zone = source.variables.get('time_zone') ?? 'SYSTEM';
  const resolved = zone === 'SYSTEM' ? from.server.systemZone : zone;
  const refused = (id: string, why: string, fix: string): Problem =>
    problem('error', id, `${where} depends on the time zone of the session: ${why}`, fix);
  if (source.flavor === 'mariadb') {
    return [refused('session-not-logged', "MariaDB's binlog does not say it, so it would be computed under the server's time_zone", plain)];
  }
  if (resolved.startsWith('SYSTEM') && resolved !== to.server.systemZone) {
    return [
      refused(
        'session-time-zone',
        "the source's is that of its system, and the target's system has another",
        setGlobal(source, 'time_zone', 'a named zone'),
      ),
    ];
  }
  if (!(await isKnown(queries, resolved))) {
    return [
      refused(
        'session-time-zone',
        `the target does not know ${resolved}`,
        'load its time zone tables: mysql_tzinfo_to_sql /usr/share/zoneinfo | mysql mysql',
      ),
    ];
  }
  if (resolved === '+00:00') return [];
  const utc = setGlobal(source, 'time_zone', '+00:00');
  if (at.decided)
    return [
      refused(
        'session-conflicts',
        `a row that a conflict leaves is written under +00:00, not under ${resolved}`,
        `${utc}, or policy stop; or ${plain}`,
      ),
    ];
  if (at.forwards)
    return [
      refused(
        'session-forwarded',
        `what loaders write at ${tableName(from)} is written under +00:00 there, and forwarded so`,
        `${utc}; or ${plain}`,
      ),
    ];
  return [];
}

async function isKnown(queries: Queries, zone: string): Promise<boolean> {
  const [row] = await queries.query(
    `SELECT CONVERT_TZ('2021-01-15 00:00:00', '+00:00', ${quoteText(zone.startsWith('SYSTEM') ? 'SYSTEM' : zone)}) AS local`,
  );
  return textOf(row, 'local') !== '';
}

/** MySQL 8.0.15 asks for the language with each row; 9.7 keeps the one of the session that opened the table first. */
const lastPerRow = 80_015;

function checkOpened({ source, target, to }: SessionCase, computed: Computed): readonly Problem[] {
  const problems: Problem[] = [];
  const add = (what: string): void => {
    const why = `the server takes ${what} from the session that opened the table first, whichever that is`;
    problems.push(problem('error', 'session-of-first-use', `${named(to, [computed])}: ${why}; two servers may differ`, plain));
  };
  const perRow = [source, target].every(({ flavor, number }) => flavor === 'mysql' && number <= lastPerRow);
  if (!perRow && /\b(?:dayname|monthname)\(|\bdate_format\([^)]*%[WMab]/i.test(computed.expression)) add('lc_time_names');
  if (/\blike\b[^,]*\\/i.test(computed.expression)) add('NO_BACKSLASH_ESCAPES');
  return problems;
}

/** In no event; as in MySQL's own replication, sessions must leave them as the server has them. */
const settings: readonly { readonly variable: string; readonly used: RegExp }[] = [
  { variable: 'div_precision_increment', used: / \/ | \/\(/ },
  { variable: 'default_week_format', used: /\bweek\(/i },
  { variable: 'block_encryption_mode', used: /\baes_(?:en|de)crypt\(/i },
  { variable: 'lc_time_names', used: /\b(?:dayname|monthname|date_format)\(/i },
];

function checkSettings({ source, target, to }: SessionCase, computed: Computed): readonly Problem[] {
  return settings.flatMap(({ variable, used }) => {
    const [there, here] = [source.variables.get(variable), target.variables.get(variable)];
    if (!used.test(computed.expression) || there === undefined || here === undefined || there === here) return [];
    const what = `${named(to, [computed])} depends on ${variable}, which is ${there} at the source and ${here} at the target`;
    return [problem('error', 'session-setting-differs', what, setGlobal(target, variable, there))];
  });
}
