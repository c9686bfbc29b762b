/** recorded/*.txt: what each tool leaves in the binlog of MySQL 9.7, by tool and variant. */
import { readFile, writeFile } from 'node:fs/promises';
import type { OnlineTool, Variant } from './online-tool.js';

export const recordings: readonly { readonly name: OnlineTool['name']; readonly variant: Variant }[] = [
  { name: 'gh-ost', variant: 'usual' },
  { name: 'gh-ost', variant: 'two-step' },
  { name: 'gh-ost', variant: 'revertible' },
  { name: 'gh-ost', variant: 'revert' },
  { name: 'pt-osc', variant: 'usual' },
  { name: 'pt-osc', variant: 'no-swap' },
];

type Recording = (typeof recordings)[number];

export async function readRecording(recording: Recording): Promise<readonly string[]> {
  return (await readFile(fileOf(recording), 'utf8')).trimEnd().split('\n');
}

export async function writeRecording(recording: Recording, lines: readonly string[]): Promise<void> {
  await writeFile(fileOf(recording), `${lines.join('\n')}\n`);
}

function fileOf({ name, variant }: Recording): URL {
  return new URL(`recorded/${name}.${variant}.txt`, import.meta.url);
}
