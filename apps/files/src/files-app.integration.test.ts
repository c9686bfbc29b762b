/** A files app and a loader's client that find each other by ZooKeeper. */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FilesClient, RemoteFiles } from '@lutra/files';
import type { BesideDeps, WorkDeps } from '@lutra/host';
import { Keyring } from '@lutra/registry';
import type { Configuration } from '@lutra/registry';
import { Metrics } from '@lutra/telemetry';
import { expect, it, vi } from 'vitest';
import { logger, until, useZooKeeper } from '../../../libs/registry/src/testing/harness.js';
import { freePorts } from '../../../test/servers/ports.js';
import { FilesApp } from './files-app.js';
import type { PlaceRoom } from './handlers.js';
import { instancesOf } from './instances.js';

const zooKeeper = useZooKeeper();
const secretKey = Keyring.of(Buffer.alloc(32, 7));
const documents = { regions: new Map([['hz', {}]]), endpoints: new Map() } as unknown as Configuration;

const room: Pick<PlaceRoom, 'hold' | 'fence' | 'close'> = {
  hold: (_root, { signal }, ready) => {
    ready();
    return new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  },
  fence: async () => ({ open: [3] }),
  close: async () => undefined,
};

it('serves its roots as soon as it knows the configuration, and places in one while it holds its lease', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lutra-root-'));
  writeFileSync(join(folder, 'a'), 'bytes');
  const [port] = await freePorts(1);
  const variables = { LUTRA_REGION: 'hz', LUTRA_ROOTS: `pics=${folder} served=${tmpdir()}/?serve`, LUTRA_FILES_PORT: String(port) };
  expect(() => new FilesApp({ variables, rooms: {} }).start({} as BesideDeps)).toThrow(/lie in each other/);
  const app = new FilesApp({ variables: { ...variables, LUTRA_ROOTS: `pics=${folder}` }, rooms: { place: () => room as PlaceRoom } });
  const registry = await zooKeeper.open();
  const metrics = new Metrics('files', { processMetrics: false });
  const beside = app.start({ registry, secretKey, logger, metrics } as unknown as BesideDeps);
  const worker = { app: 'files', instance: 'h:1', region: 'hz', version: '1', levels: [1, 4] as const, keys: [], since: 1 };
  registry.join({ describe: () => ({ ...worker, files: app.told }), onLevel: () => undefined });
  const found = { keys: secretKey, instances: instancesOf(await zooKeeper.open()) };
  const [client, remote] = [new FilesClient({ ...found, region: 'hz' }), new RemoteFiles(found)];
  const look = () => remote.manifest('hz', { root: 'pics', paths: ['a'] });
  const fence = () => client.fence({ pipeline: 'abcdefghjkmn' as never, epoch: 1, root: 'pics' });
  try {
    await until(() => expect(look()).rejects.toMatchObject({ message: expect.stringContaining('does not know the configuration') }));
    beside.follow(documents, { region: 'hz', only: null });
    expect(await look()).toMatchObject({ entries: [{ kind: 'file', size: 5 }] });
    await expect(fence()).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE', message: expect.stringContaining('none holds its lease') });

    const wanted = [...app.wanted(documents, { region: 'hz' })];
    expect(wanted.map(([name]) => name)).toEqual(['hz.pics']);
    const lead = new AbortController();
    const update = vi.fn<(part: object) => void>();
    const deps = { status: { update }, logger } as unknown as WorkDeps;
    const placing = app.place(deps, wanted[0]![1].value, { leaseNumber: 5, signal: lead.signal });
    await until(async () => expect(await fence()).toEqual({ open: [3] }));
    expect(update).toHaveBeenCalledWith(expect.objectContaining({ state: 'running', epoch: 5 }));
    expect([readdirSync(join(folder, '.lutra')), statSync(join(folder, '.lutra')).mode & 0o777]).toEqual([[], 0o700]);

    lead.abort();
    await expect(fence()).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' });
    await placing;
  } finally {
    client.close();
    remote.close();
    await beside.close();
    rmSync(folder, { recursive: true });
  }
});
