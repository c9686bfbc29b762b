/** Three kinds of tests by suffix: `.test.ts` needs nothing, `.integration.test.ts` starts real servers, `.e2e.test.ts` the whole product. */
import { defineConfig } from 'vitest/config';

const alias = [{ find: /^@lutra\/(.*)$/, replacement: new URL('./libs/', import.meta.url).pathname + '$1/src/index.ts' }];
const servers = { testTimeout: 120_000, hookTimeout: 180_000, pool: 'forks' as const };

export default defineConfig({
  resolve: { alias },
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['{apps,libs,test,scripts}/**/*.test.ts'],
          exclude: ['**/*.integration.test.ts', '**/*.e2e.test.ts'],
          // Property tests on a machine that does other things too.
          testTimeout: 60_000,
        },
      },
      { resolve: { alias }, test: { name: 'integration', include: ['{apps,libs,test}/**/*.integration.test.ts'], ...servers } },
      {
        resolve: { alias },
        test: { name: 'e2e', include: ['test/{e2e,survival,accidents,consumers}/**/*.e2e.test.ts'], ...servers, fileParallelism: false },
      },
    ],
  },
});
