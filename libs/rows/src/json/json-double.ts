/**
 * A double as MySQL prints it in JSON: the shortest digits that read back as the same number (as in JavaScript), but with an exponent
 * below 10^-14, and from 10^15 on where there is no fraction; without "+". A whole number keeps ".0", so that it stays a double when
 * read back. See my_gcvt in MySQL's strings/dtoa.cc.
 */
const mostDigits = 15;

export function printDouble(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError('a JSON number that is not finite');
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const size = Math.abs(value);
  // Here JavaScript writes no exponent either.
  if (size >= 1e-6 && size < 1e15) return Number.isInteger(value) ? `${value}.0` : String(value);
  const [mantissa = '', exponentText = ''] = Math.abs(value).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const sign = value < 0 ? '-' : '';
  /** Where the point stands: 0.d₁d₂… × 10^point */
  const point = Number(exponentText) + 1;
  const isWhole = digits.length <= point;
  if (point < 1 - mostDigits || (point > mostDigits && isWhole)) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    return `${sign}${digits[0]}${fraction}e${point - 1}`;
  }
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (isWhole) return `${sign}${digits.padEnd(point, '0')}.0`;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
