/** Runs in a tiny file system, and tells how it went. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { toSyncError } from '@lutra/model';
import { call, file, request, sha256 } from './place.fixture.js';
import { RootPlaces } from './root-places.js';

const [path = '', what = ''] = process.argv.slice(2);
const codeOf = (error: unknown): string => toSyncError(error).code;

async function full(): Promise<string> {
  const places = await RootPlaces.open({ root: 'pics', path });
  const bytes = 'x'.repeat(4000);
  mkdirSync(`${path}/.lutra/stage`, { recursive: true });
  writeFileSync(`${path}/.lutra/stage/${sha256(bytes)}`, bytes);
  writeFileSync(`${path}/ballast`, 'x'.repeat(60_000));
  const files = Array.from({ length: 20 }, (_, i) => file(`f${i}`, bytes));
  const code = await places.place(request({ n: 1, files })).then(() => 'placed', codeOf);
  const there = readdirSync(path).filter((name) => name.startsWith('f')).length;
  const { open } = await places.fence(call(0));
  rmSync(`${path}/ballast`);
  const { placed } = await places.place(request({ n: 1, files }));
  return `${code}, ${there || 'nothing'} there, ${open.length || 'nothing'} open, then ${placed.length} placed`;
}

const readOnly = async (): Promise<string> => await RootPlaces.open({ root: 'pics', path }).then(() => 'opened', codeOf);

process.stdout.write(await (what === 'full' ? full() : readOnly()));
