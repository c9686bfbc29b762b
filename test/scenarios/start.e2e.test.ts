/** What an app loads before it works: a standby takes over, and a test begins, that much later. What is bundled must work as it did. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type AppName, AppProcess } from '../harness/app-process.js';

/** Names on stderr, at its end, each module that a process has loaded. */
const naming = `
import { writeSync } from 'node:fs';
import { registerHooks } from 'node:module';
const urls = new Set();
registerHooks({ load: (url, context, next) => (urls.add(url), next(url, context)) });
process.on('exit', () => writeSync(2, [...urls].join('\\n')));`;

/** It ends where it finds no environment, when all has been loaded that a start needs. */
function modulesOf(app: AppName): readonly string[] {
  const main = fileURLToPath(new URL(`../../dist/apps/${app}/src/main.js`, import.meta.url));
  const { HOME = '', PATH = '' } = process.env;
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(naming)}`, main], {
    encoding: 'utf8',
    env: { HOME, PATH },
  });
  expect(stdout).toContain('"code":"CONFIG_INVALID"');
  return stderr.split('\n');
}

describe.each(['capture', 'loader', 'control'] as const)('the start of %s', (app) => {
  it('takes the packages of many small modules from dist/vendor, and loads nothing that only later work needs', () => {
    const modules = modulesOf(app);
    const slow = /\/node_modules\/(@nestjs|@platformatic\/kafka|ajv|express|kafkajs|rxjs|zod)\/|\/(event-client|otlp-traces)\.js$/;
    expect(modules.filter((url) => slow.test(url))).toEqual([]);
    expect(modules.filter((url) => url.endsWith('/dist/vendor/platformatic-kafka.js'))).toHaveLength(1);
  });
});

it('kafkajs is in no bundle: Nest takes the copy that libs/host changes', () => {
  const folder = fileURLToPath(new URL('../../dist/vendor/', import.meta.url));
  const packages = globSync(`${folder}*.js`).flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/node_modules\/((?:@[\w-]+\/)?[\w-]+)\//g)].map(([, name]) => name),
  );
  expect(packages).toContain('@nestjs/microservices');
  expect(packages).not.toContain('kafkajs');
});

it('a control without ZooKeeper serves its whole documentation', async () => {
  const control = new AppProcess({
    app: 'control',
    name: 'control-alone',
    environment: () => ({ ZOOKEEPER: '127.0.0.1:1', LUTRA_SECRET_KEY: randomBytes(32).toString('base64') }),
  });
  onTestFinished(() => control.stop());
  await control.start();
  const get = async (path: string): Promise<string> => {
    const response = await fetch(`${control.url}${path}`, { signal: AbortSignal.timeout(20_000) });
    expect({ path, status: response.status }).toEqual({ path, status: 200 });
    return response.text();
  };
  expect(await get('/api/docs')).toContain('swagger-ui');
  expect((await get('/api/docs/swagger-ui-bundle.js')).length).toBeGreaterThan(100_000);
  const { paths, components } = JSON.parse(await get('/api/docs-json')) as Record<'paths' | 'components', Record<string, object>>;
  expect(paths).toHaveProperty(['/api/v1/regions', 'get']);
  expect(Object.keys(components?.['schemas'] ?? {})).toContain('Channel');
});
