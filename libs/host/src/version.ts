/** The version in the package.json of the project, wherever this file was compiled to. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export function lutraVersion(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const version = versionIn(join(folder, 'package.json'));
    if (version !== null) return version;
    if (folder === dirname(folder)) return 'unknown';
  }
}

function versionIn(file: string): string | null {
  try {
    const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly name?: unknown; readonly version?: unknown };
    return name === 'lutra' && typeof version === 'string' ? version : null;
  } catch {
    return null; // not here: one folder up
  }
}
