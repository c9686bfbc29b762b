/**
 * Which files a row passes on its way, one way: `node --import tsx test/bench/path.ts`, after a build. On the path is each file of ours in
 * which some function is called at least once for a row, or for a source transaction. V8 counts the calls; what an app does at its start,
 * by the clock or for a whole request is far below these numbers.
 */
import { mkdtempDisposable, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { endOnSignal, readWords, runProgram, startLog, Stack, withAdministrator } from '../harness/index.js';
import { createEntries, entry, tableName } from './entries.js';

const usage = `usage: node --import tsx test/bench/path.ts [options]

  --alone      one row at a time, each when the one before it has arrived: then what is done for a request counts, too
  --functions  with the functions that were called`;
const transactions = 2_000;
const database = 'path';
const table = `${database}.${tableName}`;

interface Options {
  readonly alone: boolean;
  readonly rowsPerTransaction: number;
}

/** As NODE_V8_COVERAGE writes it. */
interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly functionName: string; readonly ranges: readonly { readonly count: number }[] }[];
  }[];
}

async function main(): Promise<void> {
  const boolean = { type: 'boolean' } as const;
  const { alone = false, functions = false } = readWords(process.argv.slice(2), { alone: boolean, functions: boolean });
  await using folder = await mkdtempDisposable(join(tmpdir(), 'lutra-path-'));
  const rowsPerTransaction = alone ? 1 : 4;
  await replicate(folder.path, { alone, rowsPerTransaction });
  let all = 0;
  for (const app of ['capture', 'loader']) {
    const calls = await callsOf(folder.path, app);
    console.log(`${app}: ${calls.size} files`);
    for (const [file, { most, names }] of calls) {
      const per = alone ? '' : most >= transactions * rowsPerTransaction ? '  row' : '  transaction';
      console.log(`  ${file}${per}${functions ? `  ${names.join(' ')}` : ''}`);
    }
    all += calls.size;
  }
  console.log(`one way: ${all} files`);
}

async function replicate(folder: string, options: Options): Promise<void> {
  const log = startLog();
  const stack = new Stack({ log, environment: { NODE_V8_COVERAGE: folder } });
  endOnSignal(() => stack.stop(), log);
  try {
    await stack.start();
    await createEntries(stack, [database], { textKey: false });
    await stack.createChannel({ name: 'path', databases: [database], from: ['a'] });
    await stack.startChannel();
    if (!options.alone) await stack.capture.a.stop();
    await withAdministrator(stack.mysql.a, (source) => withAdministrator(stack.mysql.b, (target) => write(source, target, options)));
    if (!options.alone) await stack.capture.a.start();
    await stack.drain();
    await Promise.all([stack.capture.a.terminate(), stack.loader.b.terminate()]);
  } finally {
    await stack.stop();
  }
}

async function write(source: Connection, target: Connection, { alone, rowsPerTransaction }: Options): Promise<void> {
  for (let first = 1; first <= transactions * rowsPerTransaction; first += rowsPerTransaction) {
    const ids = Array.from({ length: rowsPerTransaction }, (_, i) => first + i);
    await source.query(`INSERT INTO ${table} VALUES ?`, [ids.map(entry)]);
    const there = `SELECT 1 FROM ${table} WHERE id = ${first}`;
    while (alone && (await target.query<RowDataPacket[]>(there))[0].length === 0);
  }
}

/** Of our files, by their names in the sources: the functions that were called for each transaction, and how often the busiest was. */
async function callsOf(
  folder: string,
  app: string,
): Promise<ReadonlyMap<string, { readonly most: number; readonly names: readonly string[] }>> {
  const calls = new Map<string, { most: number; names: string[] }>();
  for (const name of (await readdir(folder)).sort()) {
    const { result } = JSON.parse(await readFile(join(folder, name), 'utf8')) as Coverage;
    if (!result.some(({ url }) => url.endsWith(`/dist/apps/${app}/src/main.js`))) continue;
    for (const { url, functions } of result) {
      const [, file] = /\/dist\/((?:apps|libs)\/.*)\.js$/.exec(url) ?? [];
      const called = functions
        .map(({ functionName, ranges }) => ({ name: functionName, count: ranges[0]?.count ?? 0 }))
        .filter(({ count }) => count >= transactions);
      const most = Math.max(0, ...called.map(({ count }) => count));
      if (file && called.length > 0) calls.set(`${file}.ts`, { most, names: called.map((one) => one.name) });
    }
  }
  return new Map([...calls].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

runProgram(main, usage);
