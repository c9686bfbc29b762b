/** What a verb writes where a person wants it, and reads from there. */
import { writeFileSync } from 'node:fs';
import { usageError } from './exit-codes.js';
import type { OptionOf, Run } from './verb.js';

export const outputOption: OptionOf = { flags: '-o, --output <file>', what: 'write it there, readable by you alone; stdout if left out' };

/** @throws CliError usage: it cannot be written */
export function writeAnswer({ options, out }: Run, text: string): void {
  const file = options.text('output');
  if (file === undefined) return out.raw(text);
  try {
    writeFileSync(file, text, { mode: 0o600 });
  } catch (error) {
    throw usageError(`${file} cannot be written: ${(error as Error).message}`);
  }
  out.note(`written: ${file}`);
}
