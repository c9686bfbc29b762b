/**
 * Builds dist/ out of apps/ and libs/: one file each, types stripped, decorators' metadata kept, `@lutra/<lib>` made a relative path,
 * as `nest build` does; packages that load slowly are bundled into dist/vendor/, `lutra` as a whole into dist/cli/, the console into
 * dist/console/. It does not check
 * types (`npm run types` does), so it takes some seconds; nothing when dist/ is up to date by content. A file appears whole or not at
 * all: programs may run from dist/ meanwhile.
 */
import './require-node.mjs';
import { createHash } from 'node:crypto';
import fs, { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildConsole } from './build-console.mjs';
import { bundleCli, cliFile } from './bundle-cli.mjs';
import { vendored } from './vendor.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = join(root, 'dist/.inputs');
const vendorStamp = join(root, 'dist/.vendor');
const consoleStamp = join(root, 'dist/.console');
const isTest = /\.(test|fixture)\.tsx?$|\.d\.ts$/;

async function main() {
  const begin = performance.now();
  await writeConsole();
  const files = filesOf('{apps,libs}/*/src/**/*').filter((file) => !file.startsWith('apps/console/'));
  const inputs = fingerprint([
    ...files,
    'tsconfig.json',
    'package-lock.json',
    'scripts/build.mjs',
    'scripts/bundle-cli.mjs',
    'scripts/vendor.mjs',
  ]);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs) return;
  const count = await build(files);
  writeWhole(stamp, inputs);
  console.error(`• built dist/ (${count} files, ${((performance.now() - begin) / 1000).toFixed(1)} s)`);
}

/** Without tests, in order. */
function filesOf(pattern) {
  return fs
    .globSync(pattern, { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => posix.relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => !isTest.test(file))
    .sort();
}

function fingerprint(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    const content = readFileSync(join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

async function build(files) {
  const { default: ts } = await import('typescript');
  const { config, error } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options, errors } = ts.parseJsonConfigFileContent(config, { ...ts.sys, readDirectory: () => [] }, root);
  report(ts, [...(error ? [error] : []), ...errors.filter(({ code }) => code !== noInputs)]);
  const outputs = new Map();
  const uses = new Map();
  for (const file of files)
    for (const [name, text] of file.endsWith('.ts') ? compile(ts, file, { options, uses }) : copy(file)) outputs.set(name, text);
  await writeVendor(uses);
  for (const [name, text] of await bundleCli(root)) writeWhole(join(root, 'dist', name), text);
  chmodSync(join(root, 'dist', cliFile), 0o755);
  for (const [name, text] of outputs) writeWhole(join(root, 'dist', name), text);
  for (const name of fs.globSync('{apps,libs}/**/*.{js,map}', { cwd: join(root, 'dist') }))
    if (!outputs.has(name)) rmSync(join(root, 'dist', name));
  return outputs.size;
}

/** Before the files that import them. Again only when other packages, or other names of them, are used. */
async function writeVendor(uses) {
  const used = JSON.stringify([...uses].map(([specifier, names]) => [specifier, ...names]));
  const inputs = `${fingerprint(['package-lock.json', 'scripts/vendor.mjs'])} ${used}`;
  if (existsSync(vendorStamp) && readFileSync(vendorStamp, 'utf8') === inputs) return;
  const { bundle } = await import('./vendor.mjs');
  const texts = await bundle(uses, root);
  for (const [name, text] of texts) writeWhole(join(root, 'dist', name), text);
  for (const name of fs.globSync('vendor/*', { cwd: join(root, 'dist') })) if (!texts.has(name)) rmSync(join(root, 'dist', name));
  writeWhole(vendorStamp, inputs);
}

/** Again only when its sources, or packages, are others. */
async function writeConsole() {
  const begin = performance.now();
  const sources = filesOf('{apps/console,libs/client/src}/**/*');
  const inputs = fingerprint([...sources, 'package-lock.json', 'scripts/build-console.mjs']);
  if (existsSync(consoleStamp) && readFileSync(consoleStamp, 'utf8') === inputs) return;
  const files = await buildConsole(root);
  // The page that names the others comes last: who opens it meanwhile finds what it names.
  const ordered = [...files].sort(([one], [other]) => Number(/index\.html/.test(one)) - Number(/index\.html/.test(other)));
  for (const [name, content] of ordered) writeWhole(join(root, 'dist', name), content);
  for (const name of fs.globSync('console/**/*.*', { cwd: join(root, 'dist') })) if (!files.has(name)) rmSync(join(root, 'dist', name));
  writeWhole(consoleStamp, inputs);
  console.error(`• built dist/console/ (${files.size} files, ${((performance.now() - begin) / 1000).toFixed(1)} s)`);
}

/** TS18003: we ask for options only. */
const noInputs = 18003;

function compile(ts, file, { options, uses }) {
  const { outputText, sourceMapText, diagnostics } = ts.transpileModule(readFileSync(join(root, file), 'utf8'), {
    fileName: join(root, file),
    compilerOptions: { ...options, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler }, // "type": "module"
    reportDiagnostics: true,
    transformers: { after: [relativeImports(ts, file, uses)] },
  });
  report(ts, diagnostics ?? []);
  const name = file.replace(/\.ts$/, '.js');
  return [
    [name, outputText],
    [`${name}.map`, sourceMapText ?? '{}'],
  ];
}

function copy(file) {
  return [[file, readFileSync(join(root, file))]];
}

/** After type stripping, so that imports which were only types are gone already. */
function relativeImports(ts, file, uses) {
  const rewritten = (specifier) => {
    const [, lib] = /^@lutra\/([a-z]+)$/.exec(specifier?.text ?? '') ?? [];
    const path = lib ? `libs/${lib}/src/index.js` : vendored(specifier?.text ?? '');
    return path && ts.factory.createStringLiteral(posix.relative(dirname(file), path).replace(/^(?!\.)/, './'));
  };
  return (context) => (source) => {
    const visit = (node) => {
      const isDynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
      if (vendored((isDynamic ? node.arguments[0] : node.moduleSpecifier)?.text ?? '')) use(ts, { file, node, uses });
      if (ts.isImportDeclaration(node)) {
        const path = rewritten(node.moduleSpecifier);
        return path ? ts.factory.updateImportDeclaration(node, node.modifiers, node.importClause, path, node.attributes) : node;
      }
      if (ts.isExportDeclaration(node)) {
        const path = rewritten(node.moduleSpecifier);
        if (!path) return node;
        return ts.factory.updateExportDeclaration(node, node.modifiers, node.isTypeOnly, node.exportClause, path, node.attributes);
      }
      if (isDynamic) {
        const path = rewritten(node.arguments[0]);
        if (path) return ts.factory.updateCallExpression(node, node.expression, node.typeArguments, [path]);
      }
      return ts.visitEachChild(node, visit, context);
    };
    return ts.visitEachChild(source, visit, context);
  };
}

/** Notes the names that a bundle must have. */
function use(ts, { file, node, uses }) {
  const names = ts.isImportDeclaration(node) ? namesOf(ts, node.importClause) : undefined;
  if (!names)
    throw new Error(`${file}: import names of a package that scripts/vendor.mjs bundles, in a module that is loaded late if need be`);
  const { text } = node.moduleSpecifier;
  uses.set(text, new Set([...(uses.get(text) ?? []), ...names]));
}

/** Undefined: all of them. */
function namesOf(ts, { name, namedBindings } = {}) {
  if (namedBindings && !ts.isNamedImports(namedBindings)) return undefined;
  return [...(name ? ['default'] : []), ...(namedBindings?.elements ?? []).map((one) => (one.propertyName ?? one.name).text)];
}

function report(ts, diagnostics) {
  if (diagnostics.length === 0) return;
  const host = { getCanonicalFileName: (name) => name, getCurrentDirectory: () => root, getNewLine: () => '\n' };
  console.error(ts.formatDiagnostics(diagnostics, host));
  process.exit(1);
}

function writeWhole(file, content) {
  if (existsSync(file) && readFileSync(file).equals(Buffer.from(content))) return;
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, content);
  renameSync(draft, file);
}

await main();
