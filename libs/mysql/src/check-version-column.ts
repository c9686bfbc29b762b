/**
 * The column by which the later of two changes is told. It must have an order, be in every row, and grow with every write; of equal
 * versions home's wins. Pure.
 */
import { tableName } from '@lutra/model';
import { isOfKind } from '@lutra/rows';
import { quoteName, quoteTable } from './literal.js';
import { columnOf } from './policy-case.js';
import type { PolicyCase } from './policy-case.js';
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import type { TargetColumn, TargetTable } from './target-definition.js';

const ordered = ['whole', 'decimal', 'clock'] as const;
const finest = 6;

export function checkVersion({ rule, from, to }: PolicyCase): readonly Problem[] {
  const { version } = rule;
  if (version === undefined) return []; // the rules of the channel say so
  const name = `${tableName(to)}: version column ${version}`;
  const here = columnOf(to, version);
  if (!here) {
    const what = `${name} is missing: nothing tells which change is the later one`;
    return [problem('error', 'conflict-version', what, addVersion(to, version))];
  }
  const there = columnOf(from, version);
  const reason = refusal(here) ?? (there ? refusal(there) : 'is missing at the source');
  if (reason !== null) return [problem('error', 'conflict-version', `${name} ${reason}`, fixOf(to, here))];
  return warnings(name, to, here);
}

function refusal({ type, columnType, nullable, generated }: TargetColumn): string | null {
  if (!isOfKind(type, ...ordered))
    return `is ${columnType}, which has no order that both sides agree on: whole numbers, decimals, dates and times have one`;
  if (generated) return 'is generated';
  return nullable ? 'allows NULL: such a row would lose against every other' : null;
}

function warnings(name: string, to: TargetTable, column: TargetColumn): readonly Problem[] {
  const { type, scale, onUpdateTimestamp, columnType } = column;
  if (!isOfKind(type, 'clock')) return [];
  const found: Problem[] = [];
  const digits = type === 'date' || type === 'year' ? null : (scale ?? 0);
  if (digits === null || digits < finest) {
    const span = digits === null ? `one ${type === 'date' ? 'day' : 'year'}` : digits === 0 ? 'one second' : `10^-${digits} s`;
    found.push(
      problem(
        'warning',
        'conflict-version-coarse',
        `${name} is ${columnType}: two writes in ${span} tie, and home wins`,
        fixOf(to, column),
      ),
    );
  }
  if ((type === 'timestamp' || type === 'datetime') && !onUpdateTimestamp) {
    const what = `${name} is set by no ON UPDATE CURRENT_TIMESTAMP: a write that does not set it itself has the version of the one before`;
    found.push(problem('warning', 'conflict-version-manual', what, fixOf(to, column)));
  }
  return found;
}

function fixOf(to: TargetTable, { name, type, columnType, nullable }: TargetColumn): string {
  if (type === 'timestamp' || type === 'datetime')
    return `${nullable ? filled(to, name, firstVersion) : ''}ALTER TABLE ${shown(to)} MODIFY COLUMN ${selfSet(name, type.toUpperCase())}`;
  if (nullable && isOfKind(type, ...ordered))
    return `${filled(to, name, '0')}ALTER TABLE ${shown(to)} MODIFY COLUMN ${plain(name)} ${columnType} NOT NULL DEFAULT 0`;
  return `${addVersion(to, 'updated_at')}; and name it in the rule`;
}

/** Of rows that were there before. The same on both sides, unlike the time at which a statement runs there. */
const firstVersion = "'2000-01-01 00:00:00'";
const sameZone = "SET time_zone = '+00:00'; ";

/** Added with CURRENT_TIMESTAMP it would be another one on each side for each row that is there. */
function addVersion(to: TargetTable, name: string): string {
  const constant = `ALTER TABLE ${shown(to)} ADD COLUMN ${plain(name)} TIMESTAMP(${finest}) NOT NULL DEFAULT ${firstVersion}`;
  const then = `ALTER TABLE ${shown(to)} MODIFY COLUMN ${selfSet(name, 'TIMESTAMP')}`;
  return `${sameZone}${constant}; ${then}`;
}

/** MariaDB, and MySQL without strict mode, would fill in something of their own. */
function filled(to: TargetTable, name: string, value: string): string {
  const where = `WHERE ${plain(name)} IS NULL`;
  return `${sameZone}UPDATE ${shown(to)} SET ${plain(name)} = ${value} ${where} /* at one side; when it has arrived, on both: */; `;
}

function selfSet(name: string, type: string): string {
  return `${plain(name)} ${type}(${finest}) NOT NULL DEFAULT CURRENT_TIMESTAMP(${finest}) ON UPDATE CURRENT_TIMESTAMP(${finest})`;
}

/** As an operator would write it, where no quotes are needed. */
function plain(name: string): string {
  return /^[a-z_][a-z0-9_]*$/i.test(name) ? name : quoteName(name);
}

function shown({ database, name }: TargetTable): string {
  return [database, name].every((part) => plain(part) === part) ? `${database}.${name}` : quoteTable({ database, name });
}
