/**
 * The console at /console/: files that the build made, the same for everybody. They hold no secret: what they show they ask the API for,
 * which asks who it is. Names with a hash never change, so browsers keep those files; index.html is asked for each time.
 */
import { existsSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { fileURLToPath } from 'node:url';
import sirv from 'sirv';
import { pathOf } from '../http/error.filter.js';
import type { Response } from '../http/versions.js';

export const consolePath = '/console';

/** Without 'unsafe-inline': the console sets styles through the DOM alone. */
const policy = [
  "default-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
].join('; ');

/** Beside the compiled apps, or, for control that runs from its source, in dist/. */
const folders = ['../../../../console/', '../../../../dist/console/'].map((path) => fileURLToPath(new URL(path, import.meta.url)));

type Middleware = (request: IncomingMessage, response: Response, next: () => void) => void;

export function consolePages(candidates: readonly string[] = folders): Middleware {
  const folder = candidates.find((path) => existsSync(`${path}index.html`));
  const serve = folder === undefined ? undefined : serveFolder(folder);
  return (request, response, next) => {
    const path = pathOf(request);
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (isRead && (path === consolePath || (path === '/' && wantsPage(request)))) return redirect(response);
    if (!isRead || !path.startsWith(`${consolePath}/`)) return next();
    response.setHeader('Content-Security-Policy', policy);
    if (!serve) return missing(response, 'The console was not built: npm run build');
    serve(request, response);
  };
}

function serveFolder(folder: string): (request: IncomingMessage, response: Response) => void {
  const files = sirv(folder, {
    single: true,
    gzip: true,
    etag: true,
    dev: false,
    setHeaders: (response, path) =>
      response.setHeader('Cache-Control', path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'),
    onNoMatch: (_request, response) => missing(response, 'There is no such file'),
  });
  return (request, response) => {
    const { url = '' } = request;
    request.url = url.slice(consolePath.length);
    files(request, response, () => {
      request.url = url;
      missing(response, 'There is no such file');
    });
  };
}

/** The schema registry answers programs there. */
function wantsPage({ headers }: IncomingMessage): boolean {
  return /\btext\/html\b/.test(headers.accept ?? '');
}

function redirect(response: Response): void {
  response.writeHead(302, { Location: `${consolePath}/` }).end();
}

function missing(response: Response, text: string): void {
  response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
