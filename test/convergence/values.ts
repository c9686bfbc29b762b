/**
 * What writers put into columns. Each value has one text, the one that the server gives back (`readAs`), so that what was written can be
 * compared with what is there.
 */
import type { Random } from '../harness/index.js';

export type Plain = string | number | Buffer | null;
/** A change that depends on what is there: the sum, the greater, the smaller. */
export interface Step {
  readonly by: 'add' | 'max' | 'min';
  /** In units of the column's last digit. */
  readonly of: number;
  /** After the point. */
  readonly digits: number;
}
export type Value = Plain | Step;

export interface ColumnShape {
  readonly ddl: string;
  /** `context`: who else may use the same unique values. */
  readonly make: (random: Random, context: WriteContext) => Value;
  /** Where the driver's own text would not do. */
  readonly readAs?: 'text' | 'hex';
}

export interface WriteContext {
  /** `hot`: rows that everybody writes; else `a.3`: rows of that writer alone. */
  readonly owner: string;
  /** Number of the writer's transaction: rises. */
  readonly n: number;
}

export function isStep(value: Value): value is Step {
  return typeof value === 'object' && value !== null && !Buffer.isBuffer(value);
}

/** What the step makes of what is there. */
export function stepped(there: string, { by, of, digits }: Step): string {
  const units = BigInt(there.replace('.', ''));
  const change = BigInt(of);
  const made = by === 'add' ? units + change : (by === 'max') === change > units ? change : units;
  if (digits === 0) return made.toString();
  const text = (made < 0n ? -made : made).toString().padStart(digits + 1, '0');
  return `${made < 0n ? '-' : ''}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** What it starts from. */
export function zero({ digits }: Step): string {
  return (0).toFixed(digits);
}

/** As `readAs` and the driver give it back. */
export function textOf(value: Plain): string | null {
  return value === null ? null : Buffer.isBuffer(value) ? value.toString('hex').toUpperCase() : String(value);
}

const letters = 'abcdefghijklmnopqrstuvwxyz äßé→ñ€𝄞';

export const whole = (ddl: string, least = -1_000_000, most = 1_000_000): ColumnShape => ({
  ddl,
  make: (random) => random.int(least, most),
});
export const words: ColumnShape = {
  ddl: 'VARCHAR(60) NOT NULL',
  make: (random) => `${random.text(letters, random.int(0, 20))}.`, // no blank at the end
};
export const note: ColumnShape = {
  ddl: 'TEXT NULL',
  make: (random) => (random.chance(0.1) ? null : random.text(letters, random.int(1, 400))),
};
export const json: ColumnShape = { ddl: 'JSON NULL', make: (random) => `{"v": ${random.int(0, 1e9)}}`, readAs: 'text' };
export const decimal: ColumnShape = { ddl: 'DECIMAL(20,6) NOT NULL', make: (random) => random.decimal(-1e6, 1e6, 6) };
export const blob: ColumnShape = { ddl: 'BLOB NULL', make: (random) => random.bytes(random.int(1, 60)), readAs: 'hex' };
export const moment: ColumnShape = {
  ddl: 'DATETIME(6) NOT NULL',
  make: (random) => momentText(random.int(0, 86_399), random.int(0, 999_999)),
};

/** Mostly rising, and as fast on each side; sometimes smaller than what is there, sometimes equal. */
export const version: ColumnShape = {
  ddl: 'BIGINT NOT NULL',
  make: (random, { n }) => Math.max(0, Math.floor(n / 2) - (random.chance(0.3) ? random.int(0, 40) : 0)),
};
export const versionTime: ColumnShape = {
  ddl: 'TIMESTAMP(6) NOT NULL',
  make: (random, { n }) => momentText(Math.max(0, n - (random.chance(0.3) ? random.int(0, 40) : 0)) % 86_400, random.int(0, 2)),
};

/** Adds up: whatever the order. */
export const sum = (ddl: string, digits = 0): ColumnShape => ({
  ddl,
  make: (random) => ({ by: 'add', of: random.int(-500, 1000), digits }),
});
export const greatest: ColumnShape = { ddl: 'INT NOT NULL', make: (random) => ({ by: 'max', of: random.int(0, 1e9), digits: 0 }) };
export const smallest: ColumnShape = { ddl: 'INT NOT NULL', make: (random) => ({ by: 'min', of: random.int(-1e9, 0), digits: 0 }) };

/** Unique: of `space` values for the hot rows, and as many of each writer's own. */
export const unique = (ddl: string, space: number): ColumnShape => ({
  ddl,
  make: (random, { owner }) => `${owner}-${random.int(1, space)}`,
});
export const uniqueOrNull = (ddl: string, space: number): ColumnShape => ({
  ddl,
  make: (random, { owner }) => (random.chance(0.3) ? null : numberOf(owner) * 1000 + random.int(1, space)),
});

/** Owners have numbers, for columns that hold some: 0 is everybody. */
export function numberOf(owner: string): number {
  if (owner === 'hot') return 0;
  return (owner.charCodeAt(0) - 96) * 20 + Number(owner.slice(2)) + 1;
}

function momentText(seconds: number, micros: number): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const time = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((part) => two(Math.floor(part))).join(':');
  return `2026-03-01 ${time}.${String(micros).padStart(6, '0')}`;
}
