/** The version of the package that this file is in, whatever it was bundled or compiled to. */
import { existsSync, readFileSync } from 'node:fs';

export function cliVersion(): string {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    const file = new URL('package.json', folder);
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
    if (folder.pathname === '/') return 'unknown';
  }
}
