/** files: how fast files are there with their rows, beside those who carry files alone. Each tree is compared with what was made. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { whole } from './dump.js';
import type { FileTool, FileStage, FileTree } from './figures.js';
import { fileTrees } from './figures.js';
import type { Carried } from './file-tools.js';
import { differencesOf, type MadeFile, makeTree } from './file-trees.js';
import type { FilesBench } from './files-bench.js';
import { ProcessMeter } from './process-meter.js';
import { lineOf } from './seed.js';
import type { StageResult } from './stage-result.js';

export interface FilesMeasured {
  readonly results: readonly StageResult[];
  readonly comparedRows: number;
  readonly differences: readonly string[];
}

/** The far one last: from then on the line is long. */
const order: readonly FileTree[] = fileTrees.toSorted((one, other) => Number(one === 'smallFar') - Number(other === 'smallFar'));

export async function measureFiles(bench: FilesBench): Promise<FilesMeasured> {
  const results: StageResult[] = [];
  const differences: string[] = [];
  let comparedRows = 0;
  for (const tree of order) {
    const daemon = tree === 'smallFar' ? await bench.moveFarAway() : undefined;
    const files = await makeTree(bench.roots.a, tree, bench.options.scale);
    for await (const result of stagesOf(bench, { tree, files, daemon })) {
      results.push(result);
      bench.options.log(`files, ${lineOf(result)}`);
    }
    differences.push(...(await differencesOf(bench.roots.b, files)));
    comparedRows += files.length;
    for (const root of Object.values(bench.roots)) await rm(join(root, tree), { recursive: true });
  }
  if (!(await bench.isWhole())) differences.push('the rows are not the same on both sides');
  return { results, comparedRows, differences };
}

interface Measured {
  readonly tree: FileTree;
  readonly files: readonly MadeFile[];
  /** Another port of rsync's daemon. */
  readonly daemon: number | undefined;
}

/** rsync before and after Lutra. aria2 after it: it asks for hashes, which are remembered then. Over the long line it takes minutes. */
async function* stagesOf(bench: FilesBench, { tree, files, daemon }: Measured): AsyncGenerator<StageResult> {
  const { tools, roots } = bench;
  const tool = (name: FileTool, { begin, last, cpuMicros }: Carried): StageResult => ({
    ...ofFiles(`${tree}${name}`, files, { begin, last }),
    usage: { tool: { cpuMicros, rssBytes: 0 } },
  });
  yield tool('Rsync', await tools.rsync(tree, daemon));
  yield await lutra(bench, tree, files);
  yield tool('Rsync', await tools.rsync(tree, daemon));
  if (tree === 'smallFar') return;
  const { files: addressed, ca } = await bench.addressed(files);
  yield tool('Aria2', await tools.aria2(addressed, ca));
  yield tool('Tar', await tools.tar(join(roots.a, tree)));
}

async function lutra(bench: FilesBench, tree: FileTree, files: readonly MadeFile[]): Promise<StageResult> {
  const meter = await ProcessMeter.begin(await bench.pids());
  const begin = performance.now();
  await bench.carry(files);
  const last = performance.now();
  return { ...ofFiles(tree, files, { begin, last }), usage: await meter.read() };
}

function ofFiles(stage: FileStage, files: readonly MadeFile[], { begin, last }: Pick<Carried, 'begin' | 'last'>): StageResult {
  const megabytes = files.reduce((sum, { size }) => sum + size, 0) / 1e6;
  const timing = { ...whole(files.length, begin), last };
  return { stage, timing, usage: {}, more: { megabytesPerSecond: (1000 * megabytes) / (last - begin) } };
}
