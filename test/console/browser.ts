/** Debian's Chromium, driven by Playwright; the pages of the console, and who is logged in. */
import { chromium as playwright } from 'playwright-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { chromium } from '../servers/chromium.js';
import type { Log } from '../servers/server.js';

export async function launchBrowser(log: Log): Promise<Browser> {
  const { executablePath, args } = await chromium(log);
  return playwright.launch({ executablePath, args: [...args] });
}

export const languages = ['en', 'zh'] as const;
export const themes = ['light', 'dark'] as const;
export const widths = [1280, 390] as const;

export interface Looks {
  readonly language: (typeof languages)[number];
  readonly theme: (typeof themes)[number];
  readonly width: (typeof widths)[number];
}

/** The paths of all pages. */
export function consolePaths(channel: string): readonly string[] {
  const tabs = ['', '/tables', '/position', '/operations', '/config', '/history'].map((tab) => `/channels/${channel}${tab}`);
  const pages = ['channels', 'schema', 'conflicts', 'equality', 'files', 'servers', 'workers', 'audit', 'access', 'help', 'new-channel'];
  return ['/', ...pages.map((page) => `/${page}`), ...tabs];
}

export interface Visitor {
  readonly url: string;
  readonly name: string;
  readonly password: string;
}

/** Without transitions: no colour is looked at halfway to another one. */
export function newVisit(browser: Browser): Promise<BrowserContext> {
  return browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce' });
}

/** Logs in through the page itself. */
export async function enter(browser: Browser, { url, name, password }: Visitor): Promise<BrowserContext> {
  const context = await newVisit(browser);
  const page = await context.newPage();
  await page.goto(`${url}/console/`);
  await page.getByLabel('User').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.locator('nav#menu').waitFor({ state: 'attached' });
  await page.close();
  return context;
}

export async function dress(page: Page, { language, theme, width }: Looks): Promise<void> {
  await page.setViewportSize({ width, height: 900 });
  await page.evaluate(
    ([chosen, colours]) => {
      localStorage.setItem('lutra.language', chosen);
      localStorage.setItem('lutra.theme', colours);
    },
    [language, theme] as const,
  );
}

/** Until the page has its heading and nothing on it is being loaded. */
export async function arrived(page: Page): Promise<void> {
  await page.locator('main h1').waitFor();
  await page.locator('main .loading').first().waitFor({ state: 'detached' });
}
