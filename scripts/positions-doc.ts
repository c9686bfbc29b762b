/**
 * Makes docs/08-stale-positions.md from the table of old positions. usage: npx tsx scripts/positions-doc.ts. A unit test sees to it that
 * the file is up to date.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stalePositions } from '../test/accidents/stale-positions.js';
import type { StalePosition } from '../test/accidents/stale-positions.js';

export const positionsFile = fileURLToPath(new URL('../docs/08-stale-positions.md', import.meta.url));

const head = `<!-- made by scripts/positions-doc.ts from test/accidents/stale-positions.ts: change it there -->

# Stale positions

This page says what happens when something is restored, imported, created again or added: whether a pipeline continues, or stops with a named error. Look up the line of your case before you restore anything.

\`\`\`
 restored: ZooKeeper · topic · source · target · configuration
                        │
                        ▼
        does every position still fit its log?
          │ proven            │ not proven          │ no record can tell
          ▼                   ▼                     ▼
       continues        stops by name           limit: you must act
                    before a row is applied
\`\`\`

A checkpoint, a route, a topic or a binlog position is valid only together with the rest. So Lutra requires a proof that nothing is missing between a restored part and the position from which work continues. Without the
proof it stops with a named error before it applies a row. These are the proofs:

| proof | of what |
|---|---|
| log id, seq, epoch | of each record, of the checkpoint, and of ZooKeeper's [position backup](formats.md#position-backups-logsendpoint): the same log, without a gap |
| \`routes\` records of the log | from which record on the topic holds which tables, and for which pipelines |
| revision of the configuration | each write of a region, an endpoint or a channel raises it by one, nothing lowers it; with the id of its write it is in ZooKeeper, in each \`routes\` record, in each checkpoint, in the memory of each process. ZooKeeper lists the last writes, so a tree shows whether it [continues](formats.md#revision-revision) what is known |
| GTIDs and \`server_uuid\` | the server has what was published, at the position where it was read |
| [ZooKeeper's entry of the uid](formats.md#uids-uidsuid), committed group offsets | the pipeline once had a checkpoint row |
| uid of a pipeline | whose checkpoint it is: a name may be used again, a uid never is |

A pipeline without a checkpoint starts by itself only in a log that was started for it: the first \`routes\` record names it. Everywhere else [you say where it starts](02-setup.md#a-pipeline-on-a-topic-that-is-in-use), and the log
must prove the position.

*Continues*: nothing is lost or applied twice. **Limit**: no record can tell that two positions do not belong together, so nothing stops; the table says what you must do.
`;

export function positionsDocument(): string {
  const tables = stalePositions.map(({ title, positions }) => {
    const lines = positions.map((position) => `| ${position.what} | ${position.beside} | ${outcomeOf(position)} | ${position.says} |`);
    return `## ${title}\n\n| restored or new | together with | then | because; what to do |\n|---|---|---|---|\n${lines.join('\n')}\n`;
  });
  return [head, ...tables].join('\n');
}

function outcomeOf({ stop }: StalePosition): string {
  if (stop === 'limit') return '**limit**';
  if (stop === null) return 'continues';
  return stop.map((code) => `[\`${code}\`](errors.md#${code.toLowerCase()})`).join(', ');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(positionsFile, positionsDocument());
