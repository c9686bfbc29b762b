/**
 * Builds apps/console into dist/console/ with Vite: hashed names, each file also as .gz. Control serves it. Nothing when its sources are
 * what they were. Fails when what a browser must load before it shows something has grown beyond its limit.
 */
import { gzipSync } from 'node:zlib';
import { join } from 'node:path';

/** Of the first page, compressed, with its styles. */
const firstLoadLimit = 150 * 1024;

/** @returns {Promise<ReadonlyMap<string, string | Buffer>>} File below dist/ → content. */
export async function buildConsole(root) {
  const { build } = await import('vite');
  const { output } = await build({
    root: join(root, 'apps/console'),
    base: '/console/',
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    envDir: false,
    oxc: { jsx: { runtime: 'automatic' } },
    resolve: { alias: { '@lutra/client': join(root, 'libs/client/src/index.ts') } },
    build: {
      write: false,
      target: 'es2023',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rolldownOptions: { onLog: refuseWarnings },
    },
  });
  const size = firstLoadOf(output);
  if (size > firstLoadLimit) throw new Error(`the console's first load is ${size} bytes compressed: more than ${firstLoadLimit}`);
  const files = output.map((file) => [file.fileName, Buffer.from(file.type === 'chunk' ? file.code : file.source)]);
  return new Map(
    files.flatMap(([name, content]) => [
      [`console/${name}`, content],
      [`console/${name}.gz`, gzipSync(content, { level: 9 })],
    ]),
  );
}

/** What a framework's server would make of "use client" is nothing to us. */
function refuseWarnings(level, log) {
  if (level === 'warn' && log.code !== 'MODULE_LEVEL_DIRECTIVE') throw new Error(`the console cannot be built: ${log.message}`);
}

/** The entry and the first page with what they import at once, and all styles. */
function firstLoadOf(output) {
  const byName = new Map(output.map((file) => [file.fileName, file]));
  const seen = new Set(output.filter(({ fileName }) => /\.(css|html)$/.test(fileName)).map(({ fileName }) => fileName));
  const add = (name) => {
    if (seen.has(name) || !byName.has(name)) return;
    seen.add(name);
    for (const imported of byName.get(name).imports ?? []) add(imported);
  };
  for (const file of output) if (file.isEntry || file.name === 'overview') add(file.fileName);
  const contents = [...seen].map((name) => byName.get(name)).map((file) => (file.type === 'chunk' ? file.code : file.source));
  return contents.reduce((sum, content) => sum + gzipSync(content, { level: 9 }).length, 0);
}
