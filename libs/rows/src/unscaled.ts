/**
 * The whole number of an Avro decimal: big-endian two's complement, as few bytes as hold it (Java's BigInteger.toByteArray).
 * Numbers within 48 bits go through JS numbers, larger ones through 64-bit limbs; both are exact.
 */
import type { ByteReader, ByteWriter } from '@lutra/bytes';
import { malformed } from './codec-error.js';

/** Up to this magnitude a number is written without bigint. */
export const smallLimit = 10 ** 15;

export function writeSmallUnscaled(output: ByteWriter, value: number): void {
  let size = 1;
  let limit = 0x80;
  while (value >= limit || value < -limit) {
    size++;
    limit *= 0x100;
  }
  output.long(size);
  for (let digit = size - 1; digit >= 0; digit--) output.byte(Math.floor(value / 0x100 ** digit) & 0xff);
}

export function writeUnscaled(output: ByteWriter, value: bigint): void {
  if (value < smallLimit && value > -smallLimit) {
    writeSmallUnscaled(output, Number(value));
    return;
  }
  const limbs: bigint[] = [];
  let rest = value;
  do {
    limbs.push(BigInt.asUintN(64, rest));
    rest >>= 64n;
  } while (rest !== 0n && rest !== -1n);
  const filler = rest === 0n ? 0 : 0xff;
  const scratch = Buffer.alloc(limbs.length * 8 + 1, filler);
  limbs.forEach((limb, index) => scratch.writeBigUInt64BE(limb, scratch.length - 8 * (index + 1)));
  let from = 0;
  while (scratch[from] === filler && (scratch[from + 1]! & 0x80) === (filler & 0x80)) from++;
  output.bytes(scratch.subarray(from));
}

/** A number within 48 bits, a bigint above. */
export function readUnscaled(input: ByteReader): number | bigint {
  const size = input.length();
  if (size === 0) throw malformed('a decimal has no bytes');
  if (size > 6) return readLimbs(input, size);
  let value = (input.u8() << 24) >> 24;
  for (let i = 1; i < size; i++) value = value * 0x100 + input.u8();
  return value;
}

function readLimbs(input: ByteReader, size: number): bigint {
  if (size > 40) throw malformed('a decimal is longer than any that MySQL has');
  const scratch = Buffer.alloc(40);
  for (let i = 40 - size; i < 40; i++) scratch[i] = input.u8();
  if (scratch[40 - size]! > 0x7f) scratch.fill(0xff, 0, 40 - size);
  let value = scratch.readBigInt64BE(0);
  for (let at = 8; at < 40; at += 8) value = (value << 64n) | scratch.readBigUInt64BE(at);
  return value;
}
