/**
 * A process that places versions of the same files, one transaction after the other, until it is killed: what it committed is in a file
 * beside the root. Of each second one the commit fails, and it takes back.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { pipelineUidSchema } from '@lutra/model';
import { file, sha256 } from './place.fixture.js';
import { RootPlaces } from './root-places.js';

const [path = '', log = '', first = '1', epoch = '1'] = process.argv.slice(2);
const pipeline = pipelineUidSchema.parse('axxxxxxxxxxx');
const of = { root: 'pics', pipeline, epoch: Number(epoch) };
const places = await RootPlaces.open({ root: 'pics', path });
await places.fence(of);
process.stdout.write('begun\n');
for (let n = Number(first); ; n += 1) {
  const bytes = (i: number): string => `version ${n} of ${i}`;
  const files = Array.from({ length: 12 }, (_, i) => file(`f${i % 4}/${i}`, bytes(i)));
  for (const [i] of files.entries()) writeFileSync(`${path}/.lutra/stage/${sha256(bytes(i))}`, bytes(i));
  await places.place({ ...of, n, files });
  if (n % 2 === 0) {
    await places.unplace({ ...of, n });
    continue;
  }
  appendFileSync(log, `${n}\n`);
  if (n % 3 === 0) await places.settle({ ...of, n });
}
