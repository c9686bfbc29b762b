import type { Logger } from '@lutra/telemetry';
import { expect, it } from 'vitest';
import { WrongTokens } from './wrong-tokens.js';

let now = 0;
const lines: unknown[] = [];
const logger = { warn: (fields: unknown) => lines.push(fields) } as unknown as Logger;

it('waits grow by address up to a minute, are discarded after a quarter of an hour, and make a log line a minute', () => {
  const tokens = new WrongTokens(logger, () => now);
  const waits = Array.from({ length: 14 }, () => tokens.add('a'));
  expect(waits).toEqual([0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
  expect(tokens.add('b')).toBe(0);
  expect(lines).toEqual([{ address: 'a', requests: 1 }]);
  now += 60_000;
  expect(tokens.add('a')).toBe(60);
  expect(lines.at(-1)).toEqual({ address: 'a', requests: 15 });
  now += 15 * 60_000;
  expect(tokens.add('a')).toBe(0);
  for (let at = 0; at < 10_001; at += 1) tokens.add(`other ${at}`);
  for (let tries = 0; tries < 5; tries += 1) expect(tokens.add('a')).toBe(0); // the oldest went
});
