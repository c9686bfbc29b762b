import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '@lutra/telemetry';
import { expect, test } from 'vitest';
import { FileHashes } from '../serve/file-hashes.js';
import { Serving } from '../serve/serving.fixture.js';
import { a, call, file, request, sha256 } from './placing.fixture.js';
import { placingRoom } from './placing-room.js';

test('over the wire a loader places, is fenced, takes back, settles, and deletes', async () => {
  const place = placingRoom({ hashes: new FileHashes(), logger: createLogger('files', 'silent') });
  const serving = await Serving.start({ rooms: { place } });
  const ends = new AbortController();
  const isReady = Promise.withResolvers<void>();
  const held = place.hold(serving.root, { leaseNumber: 1, signal: ends.signal }, isReady.resolve);
  await isReady.promise;
  const client = serving.client();
  const stage = (bytes: string): void => writeFileSync(join(serving.folder, '.lutra/stage', sha256(bytes)), bytes);
  mkdirSync(join(serving.folder, '.lutra/stage'), { recursive: true });
  const name = 'é 😀/%2e.torrent';

  expect(await client.place(request({ n: 1, files: [file(name, '1')] }))).toEqual({ placed: [], notStaged: [name] });
  stage('1');
  await client.place(request({ n: 1, files: [file(name, '1')] }));
  expect(readFileSync(join(serving.folder, name), 'utf8')).toBe('1');
  expect(await client.fence(call(0, a, 2))).toEqual({ open: [1] });
  await expect(client.settle(call(1))).rejects.toMatchObject({ code: 'FENCED' });
  await client.unplace(call(1, a, 2));
  expect(existsSync(join(serving.folder, name))).toBe(false);

  const { placed } = await client.place(request({ n: 2, epoch: 2, files: [file(name, '1')] }));
  await client.settle(call(2, a, 2));
  const asked = { ...call(0, a, 2), path: name, placed: placed[0]!, way: 'trash' as const };
  const marked = await client.delete({ ...asked, mark: null });
  if (marked.outcome !== 'marked') throw new Error(marked.outcome);
  expect(await client.delete({ ...asked, mark: marked.mark })).toEqual({ outcome: 'deleted' });
  expect(readFileSync(join(serving.folder, '.lutra/trash', sha256('1')), 'utf8')).toBe('1');
  await expect(client.place(request({ n: 3, epoch: 2, files: [file('../x', '1')] }))).rejects.toMatchObject({ code: 'FILE_PATH_INVALID' });
  ends.abort();
  await held;
  await serving.close();
});
