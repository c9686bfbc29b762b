/** What a person types from the docs at night is what the command line takes: verbs, arguments, options, and what stands in their place. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadVerbs } from '../apps/cli/src/commands.js';
import { programOf } from '../apps/cli/src/program.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const verbs = await loadVerbs();

/** Names of channels and endpoints in the docs; a pipeline has none of its own. */
const isPipeline = /^to-/;
const takeChannels = new Set(['start', 'pause', 'stop', 'retry']);
const takeStarts = new Set(['endpoint', 'reset']);

/** Null: it is taken. */
async function refused(line: string): Promise<string | null> {
  const words = line.replaceAll(/<[^>]*>|\.\.\.|…/g, 'x').match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? [];
  let wrong: string | null = null;
  const program = programOf({
    verbs,
    version: '0',
    act: async ({ name }, args, options) => {
      if (takeChannels.has(name) && args.some((arg) => isPipeline.test(arg))) wrong = 'a pipeline where a channel is taken';
      const starts = ['now', 'gtidSet', 'position', 'after'].filter((option) => options[option] !== undefined);
      if (takeStarts.has(name) && starts.length !== 1) wrong = 'it does not say where to continue';
    },
    out: () => undefined,
    err: () => undefined,
    columns: 100,
  });
  const said = await program.parseAsync(words.slice(1), { from: 'user' }).then(
    () => null,
    (error: unknown) => error as { readonly code?: string; readonly message: string },
  );
  return said && !/^commander\.(help|version|helpDisplayed)/.test(said.code ?? '') ? said.message : wrong;
}

const page = 'docs/operations.md';

describe('commands in docs', () => {
  it.each(globSync('{README.md,docs/*.md}', { cwd: root }).filter((file) => file !== 'docs/cli.md'))('%s', async (file) => {
    const text = readFileSync(`${root}${file}`, 'utf8');
    const inline = [...text.matchAll(/`(lutra [a-z][^`]*)`/g)].map(([, line = '']) => line);
    const blocks = [...text.matchAll(/^lutra [a-z].*$/gm)].map(([line]) => line.replace(/\s+#.*$|\s*[|>].*$/, ''));
    const wrong: string[] = [];
    // A verb that is only named, in the middle of a sentence, is no command.
    const typed = file === page ? inline : inline.filter((line) => /\s--|\s\S+\s\S+/.test(line));
    for (const line of [...typed, ...blocks]) {
      const why = await refused(line);
      if (why !== null) wrong.push(`${line}: ${why}`);
    }
    expect(wrong).toEqual([]);
  });

  it('wrong ones are seen', async () => {
    expect(await refused('lutra verify orders')).not.toBeNull();
    expect(await refused('lutra start orders to-ca')).not.toBeNull();
    expect(await refused('lutra restart endpoint orders-hz')).not.toBeNull();
    expect(await refused('lutra restart endpoint orders-hz --now')).toBeNull();
  });
});
