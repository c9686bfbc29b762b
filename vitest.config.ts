/**
 * Four kinds of tests by suffix: `.test.ts` needs nothing, `.integration.test.ts` starts real servers, `.e2e.test.ts` the whole product,
 * and `.long.test.ts`, whatever it starts, takes too long for `npm test`: `npm run test:long`. What mostly waits for something to start or
 * to be noticed runs several files at once, more than there are cores. A process runs file after file: what they share is loaded and
 * started once (TestServer.shared, keptStack).
 */
import './scripts/require-node.mjs';
import { statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const alias = [{ find: /^@lutra\/(.*)$/, replacement: new URL('./libs/', import.meta.url).pathname + '$1/src/index.ts' }];
// Short lives: what a JVM compiles well it does not run for long, and apps start again and again. `java` and `node` read these variables.
const briefly = {
  JDK_JAVA_OPTIONS: '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC',
  NODE_COMPILE_CACHE: new URL('./node_modules/.cache/node', import.meta.url).pathname,
};
const gigabyte = 1024 ** 3;
/** Of `expect.poll`: its default of a second is a timed assertion on a busy machine. */
const polled = { expect: { poll: { timeout: 20_000 } } };
const patient = { testTimeout: 120_000, hookTimeout: 180_000, pool: 'forks' as const, ...polled };
const servers = { ...patient, isolate: false, env: { ...inMemory(), ...briefly } };
/** Property tests on a machine that does other things too. The default of `maxWorkers` leaves a core idle, of two. */
const quick = { testTimeout: 60_000, maxWorkers: 2, isolate: false, ...polled };

/** What takes longest begins first, so that it is not waited for alone at the end; a fresh clone has measured nothing yet. */
const longest = [
  '/test/convergence/',
  '/test/survival/',
  '/test/scenarios/',
  '/src/seed/seeding.',
  '/mysql/src/apply.',
  '/registry/src/lease.',
  '/test/servers/',
  '/bus/src/publisher.',
  '/bus/src/subscription.',
];
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => [...longest, ''].findIndex((part) => moduleId.includes(part));
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  resolve: { alias },
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['{apps,libs,test,scripts}/**/*.test.ts'],
          exclude: ['**/*.integration.test.ts', '**/*.e2e.test.ts', '**/*.long.test.ts', 'test/model/**'],
          ...quick,
        },
      },
      { resolve: { alias }, test: { name: 'model', include: ['test/model/**/*.test.ts'], exclude: ['**/*.long.test.ts'], ...quick } },
      {
        resolve: { alias },
        test: { name: 'integration', include: ['{apps,libs,test}/**/*.integration.test.ts'], ...servers, maxWorkers: 5 },
      },
      { resolve: { alias }, test: { name: 'e2e', include: ['test/**/*.e2e.test.ts'], ...servers, maxWorkers: 3 } },
      { resolve: { alias }, test: { name: 'long', include: ['{apps,libs,test}/**/*.long.test.ts'], ...patient, fileParallelism: false } },
    ],
  },
});

/** Servers are killed, machines are not: where memory is plenty, their data need no disk, and a commit does not wait for one. */
function inMemory(): Readonly<Record<string, string>> {
  const folder = '/dev/shm';
  try {
    const { bavail, bsize } = statfsSync(folder);
    return Math.min(bavail * bsize, freemem()) > 10 * gigabyte ? { TEST_SERVERS_DATA: folder } : {};
  } catch {
    return {}; // not Linux
  }
}
