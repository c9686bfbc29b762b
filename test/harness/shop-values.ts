/** Random values for the shop, chosen to hurt: ends of ranges, bytes that are no text, emoji, zero-length, deep JSON, zero dates. */
import type { Random } from './random.js';

const latin = 'abcXYZ éüßñ¿€';
const wide = 'abc \'"\\`%_\n\t éß漢字🦦🚚\u0000';

export function latinText(random: Random, most: number): string {
  return random.text(latin, random.int(0, most));
}

export function wideText(random: Random, most: number): string {
  return random.text(wide, random.int(0, most));
}

export function json(random: Random, depth = 0): unknown {
  const scalars = [
    () => random.int(-(2 ** 31), 2 ** 31),
    () => random.next() * 1e6,
    () => wideText(random, 12),
    () => random.chance(0.5),
    () => null,
    () => Number.MAX_SAFE_INTEGER,
  ];
  if (depth < 3 && random.chance(0.3)) return Array.from({ length: random.int(0, 4) }, () => json(random, depth + 1));
  if (depth < 3 && random.chance(depth === 0 ? 1 : 0.3)) {
    return Object.fromEntries(
      Array.from({ length: random.int(0, 5) }, (_, index) => [`k${index} ${wideText(random, 3)}`, json(random, depth + 1)]),
    );
  }
  return random.pick(scalars)();
}

export function moment(random: Random, digits: number): string {
  const fraction = digits === 0 ? '' : `.${String(random.int(0, 10 ** digits - 1)).padStart(digits, '0')}`;
  return (
    new Date(Date.UTC(random.int(1000, 9998), 0, 1) + random.int(0, 364 * 86_400) * 1000).toISOString().slice(0, 19).replace('T', ' ') +
    fraction
  );
}

function orNull<T>(random: Random, value: T): T | null {
  return random.chance(0.15) ? null : value;
}

/** Column → value of `samples`, without its key and without what the server fills. */
export function sample(random: Random): Record<string, unknown> {
  return {
    small: random.pick([-128, 127, 0, random.int(-128, 127)]),
    unsigned_big: random.pick(['0', '18446744073709551615', '9223372036854775808', String(random.int(0, 2 ** 50))]),
    exact: orNull(random, `${random.pick(['-', ''])}${random.int(0, 2 ** 50)}${random.int(0, 99_999)}.${random.int(0, 2 ** 50)}`),
    single_float: orNull(random, Math.fround(random.next() * random.pick([1e-30, 1, 1e30]))),
    double_float: orNull(random, (random.next() - 0.5) * random.pick([1e-300, 1, 1e300])),
    bits: random.int(0, 2 ** 13 - 1),
    fixed: random.bytes(8),
    bytes: orNull(random, random.bytes(random.int(0, 64))),
    picture: orNull(random, random.bytes(random.int(0, random.chance(0.05) ? 4000 : 100))),
    latin: orNull(random, latinText(random, 40)),
    wide: orNull(random, wideText(random, 60)),
    day: orNull(random, moment(random, 0).slice(0, 10)),
    span: orNull(
      random,
      `${random.pick(['-', ''])}${random.int(0, 838)}:${random.int(10, 59)}:${random.int(10, 58)}.${random.int(10, 99)}`,
    ),
    moment: orNull(random, moment(random, 3)),
    born: orNull(random, random.int(1901, 2155)),
  };
}
