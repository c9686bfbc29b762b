/**
 * Bundles `lutra` with the packages that it imports into one file, dist/cli/lutra.js, which runs wherever a Node that is new enough is. The
 * folder is a package without dependencies: `npm run pack`. Its verbs are the files of apps/cli/src/commands: a module that imports each of
 * them takes the place of the one that reads the folder.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { leastNode } from './node-version.mjs';

export const cliFile = 'cli/lutra.js';

/** @returns {Promise<ReadonlyMap<string, string>>} File below dist/ → text. */
export async function bundleCli(root) {
  const { rolldown } = await import('rolldown');
  const build = await rolldown({
    cwd: root,
    input: join(root, 'apps/cli/src/main.ts'),
    platform: 'node',
    resolve: { alias: { '@lutra/client': join(root, 'libs/client/src/index.ts'), '@lutra/node': join(root, 'libs/node/src/index.ts') } },
    plugins: [staticVerbs(root)],
    treeshake: true,
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(`lutra cannot be bundled: ${log.message}`);
    },
  });
  try {
    const { output } = await build.generate({
      format: 'esm',
      codeSplitting: false,
      minify: { compress: true, mangle: false, codegen: true },
    });
    const manifest = `${JSON.stringify(shipped(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))), null, 2)}\n`;
    return new Map([
      [cliFile, output[0].code],
      ['cli/package.json', manifest],
      ['cli/LICENSE', readFileSync(join(root, 'LICENSE'), 'utf8')],
    ]);
  } finally {
    await build.close();
  }
}

/** What npm is told of it: it needs nothing but Node. */
function shipped({ name, version, description, license }) {
  return { name, version, description, license, type: 'module', bin: { lutra: 'lutra.js' }, engines: { node: `>=${leastNode.join('.')}` } };
}

function staticVerbs(root) {
  const folder = join(root, 'apps/cli/src');
  return {
    name: 'verbs',
    load(id) {
      if (id !== join(folder, 'commands.ts')) return null;
      const files = readdirSync(join(folder, 'commands'))
        .filter((file) => /^[a-z-]+\.ts$/.test(file))
        .sort();
      const imports = files.map((file, i) => `import { verb as verb${i} } from './commands/${file}';`);
      return `${imports.join('\n')}\nexport const loadVerbs = () => Promise.resolve([${files.map((_, i) => `verb${i}`).join(', ')}]);`;
    },
  };
}
