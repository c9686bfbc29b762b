/**
 * Brings node_modules in line with package-lock.json, and says which Node runs the product. Plain JavaScript for Node 20 with nothing but
 * built-ins: it runs before anything is installed. Never changes the lock file; runs no install script but that of "node"; touches nothing
 * when all is in place.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isNewEnough, leastNode } from './node-version.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** A failure that an operator can do something about: its message is all there is to print. */
export class SetupError extends Error {
  name = 'SetupError';
}

/** Runs `npm ci` if needed; resolves to the path of a Node that is new enough. */
export async function installPackages(log) {
  if (!isInstalled()) {
    log('installing npm packages (npm ci)');
    await outside('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
  }
  return nodeBinary(log);
}

/** npm notes in node_modules/.package-lock.json what it installed, as its last act. Optional packages may be for other machines. */
function isInstalled() {
  const wanted = packagesOf('package-lock.json');
  const present = packagesOf('node_modules/.package-lock.json');
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    const found = present[path];
    return path === '' || (found === undefined ? entry.optional === true : found.version === entry.version);
  });
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

async function nodeBinary(log) {
  const binary = join(root, 'node_modules/.bin/node');
  if (!isNewEnough(versionOf(binary)) && existsSync(join(root, 'node_modules/node'))) {
    // No install scripts are run but this one: it fetches a binary package of the same maker and version.
    log('fetching the Node binary of the npm package "node"');
    await outside('node', ['installArchSpecificPackage.js'], join(root, 'node_modules/node')).catch(() => undefined);
    if (!existsSync(binary) && existsSync(join(root, 'node_modules/node/bin/node'))) linkNode(binary);
  }
  if (isNewEnough(versionOf(binary))) return binary;
  if (isNewEnough(process.versions.node)) return process.execPath;
  const found = versionOf(binary);
  throw new SetupError(
    `Node ${leastNode.join('.')} or newer is needed. The npm package "node" should have brought it as ${binary}, ` +
      `${found === undefined ? 'which is missing or does not run' : `which is ${found}`}; the one that runs this script is ${process.versions.node}. ` +
      'Its install script fetches the binary from the npm registry: see what "npm rebuild --ignore-scripts=false node" says, or put a newer Node on the PATH.',
  );
}

/** npm makes no link to what is not there yet. */
function linkNode(binary) {
  rmSync(binary, { force: true });
  symlinkSync('../node/bin/node', binary);
}

function versionOf(binary) {
  if (!existsSync(binary)) return undefined;
  const { status, stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim().replace(/^v/, '') : undefined;
}

/**
 * The machine's own npm or Node, not what is in node_modules: `npm ci` removes node_modules/.bin/node, which `npm run` has put first on
 * the PATH and which may be what runs this script.
 */
function outside(tool, args, cwd = root) {
  const { npm_execpath: script, npm_node_execpath: node } = process.env;
  const known = script !== undefined && node !== undefined && existsSync(script) && !node.startsWith(join(root, 'node_modules'));
  const [command, first] = known ? [node, tool === 'npm' ? [script] : []] : [tool, []];
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(join(root, 'node_modules')));
  const env = { ...process.env, PATH: path.join(delimiter) };
  return run(command, [...first, ...args], { cwd, env });
}

/** Resolves when the command ends well. Its output goes where ours goes. */
function run(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: 'inherit' });
    child.on('error', (error) => {
      reject(new SetupError(error.code === 'ENOENT' ? `${command} is not installed` : `${command}: ${error.message}`));
    });
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new SetupError(`${command} ${args.join(' ')} failed (${signal ?? `exit code ${code}`})`));
    });
  });
}
