/**
 * Pictures of the console of a running control (`npm run demo -- --keep` prints what is needed), for people to look at: every page in both
 * languages, light and dark, wide and narrow.
 * usage: tsx test/console/pictures.ts URL TOKEN CHANNEL FOLDER [PATH …]
 */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LutraClient } from '@lutra/client';
import { arrived, consolePaths, dress, enter, launchBrowser } from './browser.js';
import type { Looks } from './browser.js';

const looks: readonly Looks[] = [
  { language: 'en', theme: 'light', width: 1280 },
  { language: 'zh', theme: 'dark', width: 1280 },
  { language: 'zh', theme: 'light', width: 390 },
];

async function main([url, token, channel, folder, ...paths]: readonly string[]): Promise<void> {
  if (url === undefined || token === undefined || channel === undefined || folder === undefined)
    throw new Error('usage: tsx test/console/pictures.ts URL TOKEN CHANNEL FOLDER [PATH …]');
  const [name, password] = ['ada', randomBytes(12).toString('base64url')]; // who is in the pictures, and is no user before nor after
  const client = new LutraClient({ url, token });
  await client.call('POST /api/v1/users', { body: { name, password, grants: [{ role: 'admin' }] } });
  await mkdir(folder, { recursive: true });
  const browser = await launchBrowser(console.error);
  try {
    const context = await enter(browser, { url, name, password });
    const page = await context.newPage();
    await page.goto(`${url}/console/`);
    for (const path of paths.length > 0 ? paths : consolePaths(channel))
      for (const look of looks) {
        await dress(page, look);
        await page.goto(`${url}/console${path}`);
        await arrived(page);
        const file = `${path.slice(1).replaceAll(/\W+/g, '-') || 'overview'}-${look.language}-${look.theme}-${look.width}.png`;
        await page.screenshot({ path: join(folder, file), fullPage: true });
        console.error(file);
      }
  } finally {
    await browser.close();
    await client.send('DELETE', '/api/v1/users/{name}', { path: { name }, ifMatch: '*' });
  }
}

await main(process.argv.slice(2));
