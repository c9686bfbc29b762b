/** The schemas that are written once, in `schemas/` at the top of the repository; found from the sources and from dist/ alike. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SyncError } from '@lutra/model';

function schemasFolder(): string {
  const from = dirname(fileURLToPath(import.meta.url));
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'schemas', 'envelope.avsc'))) return join(folder, 'schemas');
    if (dirname(folder) === folder) throw new SyncError('INTERNAL', `no folder above ${from} has schemas/envelope.avsc`);
  }
}

export type SchemaFile =
  | 'envelope'
  | 'epoch'
  | 'heartbeat'
  | 'routes'
  | 'ddl'
  | 'restart'
  | 'watermark'
  | 'resolution'
  | 'seed'
  | 'chunk'
  | 'barrier';

export function readSchemaFile(name: SchemaFile): string {
  return readFileSync(join(schemasFolder(), `${name}.avsc`), 'utf8');
}
