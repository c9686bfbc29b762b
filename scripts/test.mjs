/**
 * `npm test`: everything but the long tests, from a fresh clone on. Each step is announced and timed; what fails is shown. Steps with the
 * same `beside` run side by side: alone, each would leave a core idle. A step whose ground is missing (a failed build for the end-to-end
 * tests) is not run and counts as failed. The last line is always `N passed, N failed`: tests, and the steps that are none. Plain
 * JavaScript for Node 20: it runs before anything is installed. usage: npm test [-- --only STEP[,STEP…]]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { installPackages, root, SetupError } from './packages.mjs';
import { toRunAgain } from './run-again.mjs';

const results = [];
const work = mkdtempSync(join(tmpdir(), 'lutra-test-'));
const children = new Set();
let interrupted = false;

const steps = [
  { name: 'install', what: 'npm packages and Node', run: install },
  { name: 'types', what: 'tsc --noEmit', beside: 'static', run: () => tool('tsc', ['--noEmit']) },
  {
    name: 'console',
    what: 'tsc --noEmit -p apps/console',
    beside: 'static',
    run: () => tool('tsc', ['--noEmit', '-p', 'apps/console']),
  },
  { name: 'lint', what: 'oxlint --type-aware', beside: 'static', run: () => tool('oxlint', ['--type-aware', '--quiet']) },
  { name: 'format', what: 'oxfmt --check', beside: 'static', run: () => tool('oxfmt', ['--check', '.']) },
  {
    name: 'docker',
    what: 'compose.yaml and Dockerfile, as far as their tools are here',
    beside: 'static',
    run: () => tool('bash', ['docker/test/static.sh'], 'inherit'),
  },
  { name: 'build', what: 'dist/', beside: 'static', run: () => tool('node', ['scripts/build.mjs']) },
  {
    name: 'servers',
    what: 'MySQL, Kafka, ZooKeeper, aria2 and Chromium, fetched once',
    beside: 'static',
    run: () => tool('tsx', ['test/servers/prepare.ts'], 'inherit'),
  },
  { name: 'unit', what: 'tests that need nothing', run: () => vitest(['unit', 'model']) },
  { name: 'integration', what: 'tests against real servers', needs: ['servers'], run: () => twice('integration') },
  { name: 'e2e', what: 'the whole product, and what can happen to it', needs: ['servers', 'build'], run: () => twice('e2e') },
  { name: 'long', what: 'tests that take too long for every time', needs: ['servers', 'build'], run: () => vitest(['long']) },
];
const always = ['install'];
/** Only where it is asked for: `npm run test:long`. */
const aside = ['long'];
/** What a step that was asked for brings along. */
const brings = { integration: ['servers'], e2e: ['build', 'servers'], long: ['build', 'servers'] };

async function main() {
  const chosen = chosenSteps();
  const wanted = steps.filter(({ name }) => chosen.has(name));
  while (wanted.length > 0) {
    const [first] = wanted;
    const count = first.beside ? wanted.findIndex(({ beside }) => beside !== first.beside) : 1;
    await Promise.all(wanted.splice(0, count < 0 ? wanted.length : count).map(perform));
  }
}

async function perform(step) {
  const begin = performance.now();
  console.log(`\n━━ ${step.name}: ${step.what}`);
  const missing = ['install', ...(step.needs ?? [])].find((name) => name !== step.name && failed(name));
  const outcome = interrupted ? notRun('interrupted') : missing ? notRun(`${missing} failed`) : await step.run().catch(broken);
  const seconds = (performance.now() - begin) / 1000;
  const result = { ...outcome, name: step.name, seconds };
  results.push(result);
  console.log(`${outcome.failed > 0 ? '✗' : '✓'} ${line(result)}`);
}

function chosenSteps() {
  const names = steps.map(({ name }) => name);
  const { values } = parseArgs({ options: { only: { type: 'string' } } });
  if (values.only === undefined) return new Set(names.filter((name) => !aside.includes(name)));
  const only = values.only.split(',');
  const unknown = only.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new SetupError(`--only ${unknown.join()}: there is no such step; there are ${names.join(', ')}`);
  return new Set([...always, ...only, ...only.flatMap((name) => brings[name] ?? [])]);
}

async function install() {
  process.env.LUTRA_NODE = await installPackages((text) => console.log(text));
  process.env.PATH = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  return { passed: 1, failed: 0 };
}

/** A tool: one that passes or fails. Its output is of interest only when it fails, or where it shows how far it is. */
async function tool(name, args, shown = 'pipe') {
  const { code, output } = await run(name, args, shown);
  if (code !== 0) console.log(output.trimEnd());
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 };
}

/**
 * Files whose tests failed beside the others run once more, alone, where run-again.mjs allows it. The summary says which: a test that
 * passes then is one to make certain.
 */
async function twice(project) {
  const first = await vitest([project]);
  const files = toRunAgain(first.failures, first.failed);
  if (files.length === 0 || interrupted) return first;
  console.log(`\n━━ ${project}: once more, alone: ${files.join(', ')}`);
  const second = await vitest([project], files);
  if (second.failed > 0) return first;
  return { ...first, passed: first.passed + first.failed, failed: 0, failures: [], again: first.failures };
}

/** Each test counts. A file that cannot be loaded, or an error outside any test, counts as one that failed. */
async function vitest(projects, files = []) {
  const report = join(work, `${projects.join()}${files.length}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const only = files.length > 0 ? [...files, '--no-file-parallelism'] : [];
  const { code } = await run(
    'vitest',
    ['run', ...projects.map((project) => `--project=${project}`), '--passWithNoTests', ...reporters, ...only],
    'inherit',
  );
  const { numPassedTests = 0, numFailedTests = 0, testResults = [] } = readJson(report);
  const unloaded = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  const told = numFailedTests + unloaded.length;
  return { passed: numPassedTests, failed: code === 0 ? told : Math.max(told, 1), failures: testResults.flatMap(failuresOf) };
}

/** What failed in one test file: the summary repeats it, since a log may be cut and its end is what stays. */
function failuresOf({ name, message, assertionResults }) {
  const file = relative(root, name);
  const tests = assertionResults.filter(({ status }) => status === 'failed');
  if (tests.length === 0) return message ? [{ file, text: `${file}: ${message}` }] : [];
  return tests.map(({ fullName, failureMessages }) => ({ file, text: `${file} > ${fullName}\n${failureMessages.join('\n')}` }));
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {}; // it did not get as far as a report: its exit code says so
  }
}

function run(tool, args, output) {
  return new Promise((resolve) => {
    // npm's node_modules/.bin/node runs the tools too: it comes first on the PATH.
    const node = process.env.LUTRA_NODE ?? process.execPath;
    const [command, first] =
      tool === 'bash' ? [tool, []] : tool === 'node' ? [node, []] : [node, [join(root, 'node_modules', tools[tool])]];
    const child = spawn(command, [...first, ...args], { cwd: root, stdio: ['ignore', output, output] });
    children.add(child);
    let text = '';
    child.stdout?.on('data', (part) => (text += part));
    child.stderr?.on('data', (part) => (text += part));
    child.on('error', (error) => resolve({ code: 1, output: `${text}\n${error.message}` }));
    child.on('close', (code) => {
      children.delete(child);
      resolve({ code: code ?? 1, output: text });
    });
  });
}

const tools = {
  oxfmt: 'oxfmt/bin/oxfmt',
  oxlint: 'oxlint/bin/oxlint',
  tsc: 'typescript/bin/tsc',
  tsx: 'tsx/dist/cli.mjs',
  vitest: 'vitest/vitest.mjs',
};

function broken(error) {
  console.log(error instanceof SetupError ? error.message : error);
  return { passed: 0, failed: 1 };
}

function notRun(why) {
  return { passed: 0, failed: 1, note: `not run: ${why}` };
}

function failed(name) {
  return results.some((result) => result.name === name && result.failed > 0);
}

function line({ name, passed, failed: bad, note, seconds, again = [] }) {
  const told = note ?? (again.length > 0 ? `${again.length} of them at the second try` : '');
  return `${name.padEnd(12)} ${String(passed).padStart(5)} passed ${String(bad).padStart(4)} failed ${seconds.toFixed(1).padStart(7)} s${told ? `  (${told})` : ''}`;
}

function summary() {
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  for (const { name, failures = [], again = [] } of results) {
    for (const { text } of failures) console.log(`\n━━ failed in ${name}: ${text.slice(0, 3000)}`);
    for (const { text } of again) console.log(`\n━━ UNCERTAIN in ${name}: failed beside the others, passed alone: ${text.slice(0, 3000)}`);
  }
  console.log(`\n━━ summary\n${results.map(line).join('\n')}\n`);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
  process.exitCode = sum('failed') > 0 ? 1 : 0;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interrupted = true; // the step ends, the others are not run, the summary is printed
    for (const child of children) child.kill(signal);
  });
}

await main().catch((error) => results.push({ ...broken(error), name: 'options', seconds: 0 }));
rmSync(work, { recursive: true, force: true });
summary();
