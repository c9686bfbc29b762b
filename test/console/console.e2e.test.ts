/** The console in a real browser, on a control of its own with a real ZooKeeper: each page, each language, each width; who may do what. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { LutraClient } from '@lutra/client';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startControl } from '../../apps/control/test/control-client.js';
import type { RunningControl } from '../../apps/control/test/control-client.js';
import { kept, running } from '../servers/index.js';
import { arrived, consolePaths, dress, enter, languages, launchBrowser, newVisit, themes, widths } from './browser.js';
import type { Looks } from './browser.js';

const token = randomBytes(12).toString('base64url');
const password = randomBytes(12).toString('base64url');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8');
const allLooks = languages.flatMap((language) => themes.flatMap((theme) => widths.map((width): Looks => ({ language, theme, width }))));
/** Of the eight, two have each language, each theme and each width. */
const twoLooks = allLooks.filter(
  ({ language, theme, width }) => (language === 'en') === (theme === 'light') && (theme === 'light') === (width === 1280),
);

let control: RunningControl;
let browser: Browser;
let [admin, viewer]: (BrowserContext | undefined)[] = [];

beforeAll(async () => {
  await running(kept.zooKeeper);
  const root = `/console-${randomBytes(4).toString('hex')}`;
  control = await startControl({ ZOOKEEPER: kept.zooKeeper.connect, LUTRA_ROOT: root, LUTRA_API_TOKEN: token });
  browser = await launchBrowser(console.error);
  await vi.waitUntil(async () => (await fetch(`${control.url}/health/ready`)).ok, { timeout: 60_000, interval: 50 });
  await configure(new LutraClient({ url: control.url, token }));
});

afterAll(async () => {
  await browser?.close();
  await control?.app.close();
});

async function configure(client: LutraClient): Promise<void> {
  for (const name of ['hangzhou', 'california']) {
    await client.call('POST /api/v1/regions', { body: { name, kafka: { brokers: ['127.0.0.1:1'] } } });
    const endpoint = {
      name: `db-${name}`,
      region: name,
      host: '127.0.0.1',
      port: name.length,
      user: 'lutra',
      password,
      serverId: name.length,
    };
    await client.call('POST /api/v1/endpoints', { body: endpoint });
  }
  const routes = [{ schema: 'shop', table: '*' }];
  const pipelines = [
    { name: 'to-california', source: 'db-hangzhou', target: 'db-california', routes },
    { name: 'to-hangzhou', source: 'db-california', target: 'db-hangzhou', routes },
  ];
  await client.call('POST /api/v1/channels', {
    body: { name: 'shop', pipelines, conflicts: { home: 'hangzhou', rules: [{ policy: 'home' }] } },
  });
  await client.call('POST /api/v1/users', { body: { name: 'ada', password, grants: [{ role: 'admin' }] } });
  await client.call('POST /api/v1/users', { body: { name: 'vera', password, grants: [{ role: 'viewer' }] } });
}

/** A page is opened by its address, as who was sent it does. */
async function pageOf(context: BrowserContext | undefined): Promise<Page> {
  if (!context) throw new Error('nobody has logged in');
  const page = context.pages()[0] ?? (await context.newPage());
  if (!page.url().startsWith(control.url)) await page.goto(`${control.url}/console/`);
  return page;
}

async function open(page: Page, path: string): Promise<void> {
  await page.goto(`${control.url}/console${path}`);
  await arrived(page);
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const run = (globalThis as unknown as { axe: { run(): Promise<{ violations: readonly Violation[] }> } }).axe;
    return (await run.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
  });
}

/** A page that is wider than the window makes a person scroll sideways. */
function overhang(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}

it('a wrong password is refused in words, and the right one opens the console', async () => {
  const context = await newVisit(browser);
  const page = await context.newPage();
  await page.goto(`${control.url}/`, { waitUntil: 'commit' });
  await page.waitForURL('**/console/');
  await page.getByLabel('User').fill('ada');
  await page.getByLabel('Password').fill('not this one');
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.getByText('The name or the password is wrong.').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.evaluate(`document.body.append(document.createElement('img'))`);
  expect(await violations(page)).toContainEqual(expect.stringContaining('image-alt')); // or the test would see nothing
  await context.close();
  admin = await enter(browser, { url: control.url, name: 'ada', password });
  viewer = await enter(browser, { url: control.url, name: 'vera', password });
  expect((await admin.cookies()).map(({ httpOnly, sameSite }) => [httpOnly, sameSite])).toEqual([[true, 'Strict']]);
});

describe('every page', () => {
  it.each(twoLooks)('has no barrier and stands in its window: $language, $theme, $width', async (look) => {
    const page = await pageOf(admin);
    const errors: string[] = [];
    const note = (text: string): void => void errors.push(text);
    page.on('pageerror', (error) => note(String(error)));
    page.on('console', (message) =>
      message.type() === 'error' && /Content Security|React/.test(message.text()) ? note(message.text()) : undefined,
    );
    await dress(page, look);
    const found: Record<string, unknown> = {};
    for (const path of consolePaths('shop')) {
      await open(page, path);
      const wrong = { violations: await violations(page), overhang: await overhang(page) };
      if (wrong.violations.length > 0 || wrong.overhang > 0) found[path] = wrong;
    }
    expect(found).toEqual({});
    expect(errors).toEqual([]);
  });

  it.each(allLooks)('is in its language and its colours: $language, $theme, $width', async (look) => {
    const page = await pageOf(admin);
    await dress(page, look);
    await open(page, '/channels/shop');
    expect(await page.locator('html').getAttribute('lang')).toBe(look.language === 'zh' ? 'zh-CN' : 'en');
    expect(await page.getByText(look.language === 'zh' ? '同步进度' : 'Flow').count()).toBe(1);
    const ground = await page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    expect(ground).toBe(look.theme === 'dark' ? 'rgb(17, 23, 26)' : 'rgb(245, 247, 248)');
    expect(await overhang(page)).toBeLessThanOrEqual(0);
  });
});

describe('what somebody does', () => {
  it('is shown first, wants a reason, and is in the audit', async () => {
    const page = await pageOf(admin);
    await dress(page, { language: 'en', theme: 'light', width: 1280 });
    await open(page, '/access');
    await page.getByRole('button', { name: 'New user' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('olga');
    await dialog.getByLabel('Password').fill(password);
    expect(await dialog.getByRole('button', { name: 'New user' }).getAttribute('aria-disabled')).toBe('true');
    await dialog.getByLabel('Reason').fill('a new colleague');
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'New user' }).click();
    await page.getByRole('rowheader', { name: 'olga' }).waitFor();
    await open(page, '/audit?by=ada');
    await page.getByRole('cell', { name: 'a new colleague' }).first().waitFor();
  });

  it('that cannot be is refused with the help of the API, and the dialog stays', async () => {
    const page = await pageOf(admin);
    await open(page, '/channels/shop');
    await page.getByRole('button', { name: 'Start', exact: true }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Start', exact: true }).click();
    await dialog.getByRole('alert').waitFor();
    expect(await dialog.getByRole('link').first().innerText()).toMatch(/^[A-Z_]+$/);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  it('is found by otter’s words, with the keyboard alone', async () => {
    const page = await pageOf(admin);
    await open(page, '/');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('数据源');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/console/servers');
    await arrived(page);
    expect(await page.locator('main h1').innerText()).toBe('Servers');
  });
});

it('filters stand in the address', async () => {
  const page = await pageOf(admin);
  await open(page, '/channels?state=failed');
  await page.getByText('No channel matches.').waitFor();
  await page.getByLabel('State').selectOption('');
  await page.getByRole('link', { name: 'shop' }).waitFor();
  expect(new URL(page.url()).search).toBe('');
});

it('a channel that is made elsewhere appears without anybody asking', async () => {
  const page = await pageOf(admin);
  await open(page, '/channels');
  const client = new LutraClient({ url: control.url, token });
  const routes = [{ schema: 'other', table: '*' }];
  await client.call('POST /api/v1/channels', {
    body: { name: 'later', pipelines: [{ name: 'only', source: 'db-hangzhou', target: 'db-california', routes }] },
  });
  await page.getByRole('link', { name: 'later' }).waitFor();
  expect(await page.getByRole('row').count()).toBe(3);
});

it('a viewer sees everything, is told so, and can do nothing: each button says why', async () => {
  const page = await pageOf(viewer);
  await open(page, '/channels/shop');
  await page.getByText('read only').waitFor();
  for (const path of ['/channels/shop', '/channels/shop/position', '/channels/shop/operations', '/equality', '/servers']) {
    await open(page, path);
    const buttons = page.locator('main .page-head button, main .section-head button');
    const states = await buttons.evaluateAll((all) => all.map((one) => [one.getAttribute('aria-disabled'), one.getAttribute('title')]));
    expect(states.length, path).toBeGreaterThan(0);
    for (const [off, why] of states) expect([path, off, why]).toEqual([path, 'true', expect.stringMatching(/^You may not do this/)]);
  }
});

it('when control is away the page says so, keeps what it knew, and goes on by itself', async () => {
  const page = await pageOf(viewer);
  await open(page, '/channels');
  await page.route('**/api/v1/**', (route) => route.abort());
  await page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`);
  await page.getByText('Control does not answer').waitFor();
  expect(await page.getByRole('link', { name: 'shop' }).count()).toBe(1);
  await page.unroute('**/api/v1/**');
  await page.getByText('Control does not answer').waitFor({ state: 'detached' });
});
