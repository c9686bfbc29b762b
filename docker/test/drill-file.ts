/**
 * A file in the stack: it is put into a region's root, its row is inserted there, and where the other region shows the row it has the file.
 * Shows that volumes, ports and certificates that docker/ gives are enough for it.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { boundMs, container, docker, query, say, sides, type Side } from './drill-stack.js';

/** More than a pack has: aria2 fetches it alone. */
const bytes = 9_000_000;

/** What is wrong; [] if nothing is. */
export async function filesArrive(): Promise<readonly string[]> {
  const [hangzhou, california] = sides;
  const problems = [...(await arrives(hangzhou, california)), ...(await arrives(california, hangzhou))];
  if (problems.length === 0) say('a file of each region was in the other one when its row was');
  return problems;
}

async function arrives(from: Side, to: Side): Promise<readonly string[]> {
  const image = `of-${from}.jpg`;
  const place = `/srv/pictures/${image}`;
  const write = `fs.writeFileSync('/srv/pictures/draft', Buffer.alloc(${bytes}, '${from}')); fs.renameSync('/srv/pictures/draft', '${place}')`;
  await inFilesApp(from, write);
  await query(from, `INSERT INTO pictures (image) VALUES ('${image}')`);
  for (const deadline = Date.now() + boundMs; Date.now() < deadline; await sleep(200)) {
    const rows = await query(to, `SELECT id FROM pictures WHERE image = '${image}'`);
    if (rows.length === 0) continue;
    const hash = `console.log(crypto.createHash('sha256').update(fs.readFileSync('${place}')).digest('hex'))`;
    const found = await inFilesApp(to, hash).catch((error: unknown) => String(error));
    return found === sha256Of(from) ? [] : [`${to} has the row of ${image}, and at ${place}: ${found.slice(0, 200)}`];
  }
  return [`the row of ${image} has not come to ${to}`];
}

function sha256Of(from: Side): string {
  return createHash('sha256').update(Buffer.alloc(bytes, from)).digest('hex');
}

/** As the app's user: the image has no shell. */
async function inFilesApp(side: Side, script: string): Promise<string> {
  const prelude = "const fs = require('node:fs'), crypto = require('node:crypto');";
  return docker('exec', await container(`files-${side}`), '/usr/local/bin/node', '-e', `${prelude} ${script}`);
}
