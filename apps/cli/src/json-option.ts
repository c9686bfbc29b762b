/** Options that are JSON: keys and rows. */
import { usageError } from './exit-codes.js';
import type { Options } from './verb.js';

/** @throws CliError usage */
export function jsonOf(options: Options, name: string): Record<string, unknown> | undefined {
  const text = options.text(name);
  return text === undefined ? undefined : parseObject(text, `--${name}`);
}

/** @throws CliError usage */
export function parseObject(text: string, where: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // told below
  }
  throw usageError(`${where} takes JSON, as {"id": 7}`);
}
