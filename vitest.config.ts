/**
 * Four kinds of tests by suffix: `.test.ts` needs nothing, `.integration.test.ts` starts real servers, `.e2e.test.ts` the whole product,
 * and `.long.test.ts`, whatever it starts, takes too long for `npm test`: `npm run test:long`. What mostly waits for something to start or
 * to be noticed runs several files at once, more than there are cores; what loads the machine runs alone.
 */
import './scripts/require-node.mjs';
import { defineConfig } from 'vitest/config';

const alias = [{ find: /^@lutra\/(.*)$/, replacement: new URL('./libs/', import.meta.url).pathname + '$1/src/index.ts' }];
const servers = { testTimeout: 120_000, hookTimeout: 180_000, pool: 'forks' as const };
const accidents = ['test/{accidents,bench,consumers}/**/*.e2e.test.ts', 'test/survival/zookeeper-*.e2e.test.ts'];
const alone = ['test/{convergence,differ,e2e}/**/*.e2e.test.ts', 'test/survival/{survival,take-over}.e2e.test.ts'];

export default defineConfig({
  resolve: { alias },
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['{apps,libs,test,scripts}/**/*.test.ts'],
          exclude: ['**/*.integration.test.ts', '**/*.e2e.test.ts', '**/*.long.test.ts'],
          // Property tests on a machine that does other things too.
          testTimeout: 60_000,
          maxWorkers: 2, // the default leaves a core idle, of two
        },
      },
      {
        resolve: { alias },
        test: { name: 'integration', include: ['{apps,libs,test}/**/*.integration.test.ts'], ...servers, maxWorkers: 4 },
      },
      { resolve: { alias }, test: { name: 'accidents', include: accidents, ...servers, maxWorkers: 3 } },
      { resolve: { alias }, test: { name: 'e2e', include: alone, ...servers, fileParallelism: false } },
      { resolve: { alias }, test: { name: 'long', include: ['{apps,libs,test}/**/*.long.test.ts'], ...servers, fileParallelism: false } },
    ],
  },
});
