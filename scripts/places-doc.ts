/**
 * Makes docs/08-old-places.md from the table of old places. usage: npx tsx scripts/places-doc.ts. A unit test sees to it that the file is
 * up to date.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { oldPlaces } from '../test/accidents/old-places.js';
import type { OldPlace } from '../test/accidents/old-places.js';

export const placesFile = fileURLToPath(new URL('../docs/08-old-places.md', import.meta.url));

const head = `<!-- made by scripts/places-doc.ts from test/accidents/old-places.ts: change it there -->

# An old place that comes alive again

A place (a checkpoint, a route, a topic, a position) is valid only together with what lies beside it. So whatever is restored, imported, created again or added has to prove that
nothing lies between it and what it goes on from. If it cannot, it stops with a named error before it applies a row. What proves it:

| proof | of what |
|---|---|
| log id, seq, epoch | of each record, of the checkpoint, and of ZooKeeper's copy of the position: the same log, without a hole |
| \`routes\` records of the log | from which record on the topic holds which tables, and for which pipelines |
| revision of the configuration | raised by each write and each removal of a channel, never lowered; stands in ZooKeeper, in each \`routes\` record, in each checkpoint. At least the time in ms, so that a tree that was restored or lost goes on above its old numbers |
| GTIDs and \`server_uuid\` | the server has what was published, at the place where it was read |
| marks, committed group offsets | the pipeline once had a checkpoint row |

A pipeline without a place begins only in a log that was begun for it: its first \`routes\` record names it. Everywhere else a person
[says where it begins](02-setup.md#a-pipeline-on-a-topic-that-is-in-use), and the log must prove the place.

*Goes on*: nothing is lost or applied twice. **Limit**: no record can tell that two places do not belong together, so nobody stops; the table says what you must do.
`;

export function placesDocument(): string {
  const tables = oldPlaces.map(({ title, places }) => {
    const lines = places.map((place) => `| ${place.what} | ${place.beside} | ${outcomeOf(place)} | ${place.says} |`);
    return `## ${title}\n\n| comes back or begins | beside it | then | because; what to do |\n|---|---|---|---|\n${lines.join('\n')}\n`;
  });
  return [head, ...tables].join('\n');
}

function outcomeOf({ stop }: OldPlace): string {
  if (stop === 'limit') return '**limit**';
  if (stop === null) return 'goes on';
  return stop.map((code) => `[\`${code}\`](errors.md#${code.toLowerCase()})`).join(', ');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(placesFile, placesDocument());
