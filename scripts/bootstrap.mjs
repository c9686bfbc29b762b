/**
 * From a fresh clone to a running program: packages, Node, dist/, then the given TypeScript file, if any, under that Node. Plain
 * JavaScript for Node 20. usage: node scripts/bootstrap.mjs [FILE.ts [argument …]]
 */
import { spawn, spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { installPackages, root, SetupError } from './packages.mjs';

const log = (line) => console.error(`• ${line}`);

async function main([file, ...args]) {
  const node = await installPackages(log);
  const env = { ...process.env, PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter) };
  const build = spawnSync(node, ['scripts/build.mjs'], { cwd: root, env, stdio: 'inherit' });
  if (build.status !== 0) throw new SetupError('the build failed');
  if (file === undefined) return;
  // The channel tells the program when we are gone; then it must not stay either.
  const child = spawn(node, ['--import', 'tsx', file, ...args], { cwd: root, env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  process.on('SIGINT', () => undefined); // the terminal has told the child as well: it ends first
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(error));
  child.on('close', (code) => {
    process.exitCode = code ?? 1;
  });
}

function fail(error) {
  console.error(error instanceof SetupError ? error.message : error);
  process.exitCode = 1;
}

await main(process.argv.slice(2)).catch(fail);
