/** Which requests the console answers, and what it says about keeping them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consolePages } from './console-pages.js';

const folder = `${mkdtempSync(join(tmpdir(), 'lutra-console-'))}/`;
const servers: Server[] = [];
let [built, unbuilt] = ['', ''];

beforeAll(async () => {
  mkdirSync(`${folder}assets`);
  writeFileSync(`${folder}index.html`, '<!doctype html><title>Lutra</title>');
  writeFileSync(`${folder}assets/main-abc.js`, 'export {};');
  built = await serve([folder]);
  unbuilt = await serve([`${folder}nowhere/`]);
});

afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

/** What the console leaves to others is answered with 418. */
async function serve(folders: readonly string[]): Promise<string> {
  const pages = consolePages(folders);
  const server = createServer((request, response) => pages(request, response as never, () => response.writeHead(418).end()));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const get = (path: string, accept = '*/*', method = 'GET'): Promise<Response> =>
  fetch(built + path, { headers: { Accept: accept }, redirect: 'manual', method });

describe('the console', () => {
  it('is one page for all of its addresses, asked for each time', async () => {
    for (const path of ['/console/', '/console/channels/shop/tables?q=1']) {
      const answer = await get(path);
      expect(await answer.text()).toContain('<title>Lutra</title>');
      expect(answer.headers.get('cache-control')).toBe('no-cache');
      expect(answer.headers.get('etag')).not.toBeNull();
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(answer.headers.get('content-security-policy')).not.toContain('unsafe');
    }
  });

  it('has files that a browser keeps for ever, and none that it has not', async () => {
    expect((await get('/console/assets/main-abc.js')).headers.get('cache-control')).toContain('immutable');
    expect((await get('/console/assets/main-old.js')).status).toBe(404);
    expect((await get('/console/../package.json')).status).not.toBe(200);
    expect((await get('/console/%2e%2e/%2e%2e/package.json')).status).not.toBe(200);
  });

  it('is where a browser is led that asks for /, and no program is', async () => {
    expect((await get('/', 'text/html,*/*')).headers.get('location')).toBe('/console/');
    expect((await get('/console')).headers.get('location')).toBe('/console/');
    expect((await get('/', 'application/json')).status).toBe(418);
    expect((await get('/console/', '*/*', 'POST')).status).toBe(418);
    expect((await get('/api/v1/status', 'text/html')).status).toBe(418);
  });

  it('says that it was not built', async () => {
    const answer = await fetch(`${unbuilt}/console/`);
    expect([answer.status, await answer.text()]).toEqual([404, 'The console was not built: npm run build\n']);
  });
});
