/** The recipes of docs/10-schema-changes.md, read from the page itself, so that what is followed is what is written. */
import { readFile } from 'node:fs/promises';

export interface Step {
  readonly where: 'both sides' | 'one side';
  /** Nobody writes meanwhile. */
  readonly quiet: boolean;
  readonly sql: string;
}

export async function recipe(heading: string): Promise<readonly Step[]> {
  const block = oneBlock(await section(heading));
  const steps = block.split(/^-- /m).slice(1);
  return steps.map((step) => {
    const [head = '', ...lines] = step.split('\n');
    const [where, quiet] = head.split(', ');
    if (where !== 'both sides' && where !== 'one side') throw new Error(`${heading}: a step is at "${head}"`);
    return { where, quiet: quiet === 'quiet', sql: lines.join('\n').trim() };
  });
}

async function section(heading: string): Promise<string> {
  const page = await readFile(new URL('../../docs/10-schema-changes.md', import.meta.url), 'utf8');
  const found = page.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`));
  if (!found) throw new Error(`docs/10-schema-changes.md has no heading "${heading}"`);
  return found;
}

function oneBlock(text: string): string {
  const block = /^```sql\n([\s\S]*?)^```/m.exec(text)?.[1];
  if (!block) throw new Error('no SQL in it');
  return block.trim();
}
