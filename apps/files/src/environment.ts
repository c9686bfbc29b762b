/** What a files app is told by its environment beyond what each worker app is: its roots, and where others reach it. */
import { realpathSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { isLoopback, nameSchema, parseDocument, SyncError } from '@lutra/model';
import { z } from 'zod';

/** A named tree of files. */
export interface RootSettings {
  readonly name: string;
  /** Without symbolic links. */
  readonly path: string;
  /** Of one file; null: any. */
  readonly maxBytes: number | null;
  /** Permissions of a file that is placed; null: 0644. */
  readonly mode: number | null;
  /** It is served, and nothing is placed in it. */
  readonly serveOnly: boolean;
}

export interface FilesEnvironment {
  /** Whose files these are. */
  readonly region: string;
  readonly roots: readonly RootSettings[];
  /** https://host:port, where other apps reach this one. */
  readonly url: URL;
  /** Where it listens. */
  readonly host: string;
  readonly port: number;
  readonly aria2: string;
  /** What nobody wanted for so long leaves the stage. */
  readonly stageKeptMs: number;
  /** PEM files of an operator, instead of what the apps make themselves. */
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly caFile: string | undefined;
}

const environmentSchema = z.object({
  LUTRA_REGION: nameSchema,
  HOST: z.string().min(1).default('127.0.0.1'),
  LUTRA_ROOTS: z.string('not set: name=/path of each tree of files, separated by spaces'),
  LUTRA_FILES_PORT: z.coerce.number().int().min(0).max(65535).default(8084),
  LUTRA_FILES_URL: z.url({ protocol: /^https$/, error: 'https://host:port' }).optional(),
  LUTRA_ARIA2: z.string().min(1).default('aria2c'),
  LUTRA_FILES_STAGE_MINUTES: z.coerce.number().int().min(1).max(10_080).default(60),
  LUTRA_FILES_CERT: z.string().optional(),
  LUTRA_FILES_KEY: z.string().optional(),
  LUTRA_FILES_CA: z.string().optional(),
});

/** @throws SyncError CONFIG_INVALID */
export function readFilesEnvironment(variables: Readonly<Record<string, string | undefined>>): FilesEnvironment {
  // An empty variable is what a compose file passes on when nobody set it.
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const parsed = parseDocument(environmentSchema, given, 'environment');
  const { LUTRA_FILES_CERT: certFile, LUTRA_FILES_KEY: keyFile, LUTRA_FILES_CA: caFile, LUTRA_FILES_PORT: port } = parsed;
  const own = [certFile, keyFile, caFile].filter((file) => file !== undefined).length;
  if (own !== 0 && own !== 3) throw invalid('LUTRA_FILES_CERT, LUTRA_FILES_KEY and LUTRA_FILES_CA belong together: set all or none');
  if (parsed.LUTRA_FILES_URL === undefined && !isLoopback(parsed.HOST))
    throw invalid('LUTRA_FILES_URL is not set: https://host:port, where loaders and the files apps of other regions reach this one');
  const url = new URL(parsed.LUTRA_FILES_URL ?? `https://127.0.0.1:${port}`);
  const { LUTRA_REGION: region, LUTRA_ARIA2: aria2, HOST: host } = parsed;
  const stageKeptMs = parsed.LUTRA_FILES_STAGE_MINUTES * 60_000;
  return { region, roots: parseRoots(parsed.LUTRA_ROOTS), url, host, port, aria2, stageKeptMs, certFile, keyFile, caFile };
}

function parseRoots(text: string): readonly RootSettings[] {
  const roots = text.split(/\s+/).filter(Boolean).map(parseRoot);
  if (roots.length === 0) throw invalid('LUTRA_ROOTS names no root');
  for (const [index, { name, path }] of roots.entries())
    for (const other of roots.slice(index + 1)) {
      if (other.name === name) throw invalid(`LUTRA_ROOTS: root ${name} stands there twice`);
      if (isWithin(path, other.path) || isWithin(other.path, path))
        throw invalid(`LUTRA_ROOTS: root ${name} (${path}) and root ${other.name} (${other.path}) lie in each other`);
    }
  return roots;
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

function parseRoot(text: string): RootSettings {
  const [, name = '', path = '', options = ''] = /^([^=]*)=([^?]*)(?:\?(.*))?$/.exec(text) ?? [];
  if (!nameSchema.safeParse(name).success) throw invalid(`LUTRA_ROOTS: ${JSON.stringify(text)} is not name=/path`);
  if (!isAbsolute(path)) throw invalid(`LUTRA_ROOTS: root ${name}: ${JSON.stringify(path)} is no absolute path`);
  const given = new Map(
    options
      .split('&')
      .filter(Boolean)
      .map((option) => optionOf(name, option)),
  );
  return {
    name,
    path: folderAt(name, path),
    maxBytes: sizeOf(name, given.get('maxBytes')),
    mode: modeOf(name, given.get('mode')),
    serveOnly: given.has('serve'),
  };
}

function optionOf(name: string, option: string): [string, string] {
  const [key = '', value = ''] = option.split('=');
  if (!['maxBytes', 'mode', 'serve'].includes(key)) throw invalid(`LUTRA_ROOTS: root ${name} has no option ${JSON.stringify(key)}`);
  return [key, value];
}

function folderAt(name: string, path: string): string {
  try {
    const real = realpathSync(path);
    if (statSync(real).isDirectory() && real !== '/') return real;
  } catch (cause) {
    throw invalid(`LUTRA_ROOTS: root ${name}: ${path} cannot be found (${(cause as NodeJS.ErrnoException).code})`, cause);
  }
  throw invalid(`LUTRA_ROOTS: root ${name}: ${path} is no folder below /`);
}

const units: Readonly<Record<string, number>> = { '': 0, K: 1, M: 2, G: 3, T: 4 };

function sizeOf(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const [, number = '', unit = ''] = /^(\d{1,15})([KMGT]?)$/.exec(text) ?? [];
  const bytes = Number(number) * 1024 ** (units[unit] ?? 0);
  if (number !== '' && bytes > 0 && Number.isSafeInteger(bytes)) return bytes;
  throw invalid(`LUTRA_ROOTS: root ${name}: maxBytes=${text} is no size: 50G`);
}

function modeOf(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const mode = Number.parseInt(text, 8);
  if (/^0?[0-7]{3}$/.test(text) && (mode & 0o400) !== 0) return mode;
  throw invalid(`LUTRA_ROOTS: root ${name}: mode=${text} are no permissions with which the owner can read: 0640`);
}

function invalid(message: string, cause?: unknown): SyncError {
  return new SyncError('CONFIG_INVALID', `environment: ${message}`, { cause });
}
