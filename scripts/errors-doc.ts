/**
 * Makes docs/errors.md from the table of error codes. usage: npx tsx scripts/errors-doc.ts. A unit test sees to it that the file is up to
 * date.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { errorTable } from '@lutra/model';
import type { ErrorCode, Outcome } from '@lutra/model';

export const errorsFile = fileURLToPath(new URL('../docs/errors.md', import.meta.url));

const byItself: Readonly<Record<Outcome, string>> = {
  retry: 'It is tried again with a growing delay, at most 5 s, for ever.',
  stop: 'The endpoint or pipeline waits for a person: for a retry, or for a change of its configuration. All others go on.',
  abort: 'The work ends.',
};

/** The first group that fits. */
const groups: readonly (readonly [string, RegExp])[] = [
  ['In general', /^(ABORTED|INTERNAL)$/],
  ['Configuration', /^(CONFIG|SECRET)_|^SERVER_UNTRUSTED$/],
  ['ZooKeeper', /^(ZOOKEEPER|LEASE)_/],
  ['Kafka and the schema registry', /^(KAFKA|TOPIC|RECORD|SCHEMA)_/],
  ['The log', /^LOG_/],
  ['The source', /^(SOURCE|SERVER|BINLOG|VALUE|DDL|LOOP)_|^COLUMN_UNSUPPORTED$/],
  ['The target', /./],
];

const head = `<!-- made by scripts/errors-doc.ts from libs/model/src/error-table.ts: change it there -->

# Error codes

Whatever fails has one of these codes. The status of a channel shows the last error of each end (\`lastError\`: code, message, help, details), and
\`GET /api/v1/errors\` serves this table. Nothing is skipped unless you say so: until the cause is mended, the rows wait where they are.

After mending the cause of one that stops:

\`\`\`sh
curl -X POST -H "Authorization: Bearer $LUTRA_API_TOKEN" http://127.0.0.1:8080/api/v1/channels/<name>/retry
\`\`\`

## Starting over

Where the log or the binlog has lost what comes next, no retry helps. [03-rest-api.md](03-rest-api.md) has each of these ways with its consequences; every one says them
before it does anything.

- **The source lacks what comes next, or capture cannot read it**: \`POST /api/v1/endpoints/<name>/restart\`. The log goes on elsewhere in the source; what lies between is brought to
  the targets by hand.
- **The log is damaged**: stop the channels that read the endpoint, \`POST /api/v1/endpoints/<name>/reset\`, then for each of their pipelines
  \`POST /api/v1/channels/<channel>/pipelines/<pipeline>/restart\` with \`"at": "start"\`, and start the channels. Before that, compare the tables and bring the target in line, or
  seed it again from a dump ([02-setup.md](02-setup.md#seeding-the-second-database)); \`start\` of the reset is the place up to which it is.
- **A pipeline has lost its place**: the same restart of the pipeline alone, at the start or the end of the topic, or behind the place of a dump.
- **Rows of the target were changed or lost**: \`POST /api/v1/channels/<channel>/pipelines/<pipeline>/rewind\` applies a part of the log once more.
`;

export function errorsDocument(): string {
  const left = new Set(Object.keys(errorTable) as ErrorCode[]);
  const sections = groups.map(([title, pattern]) => {
    const codes = [...left].filter((code) => pattern.test(code));
    for (const code of codes) left.delete(code);
    return `## ${title}\n\n${codes.map(entryOf).join('\n')}`;
  });
  return [head, ...sections].join('\n');
}

function entryOf(code: ErrorCode): string {
  const { cause, kept, outcome, help } = errorTable[code];
  const lines = [`- **Cause**: ${cause}`, `- **Kept**: ${kept}`, `- **By itself**: ${byItself[outcome]}`, `- **To do**: ${linked(help)}`];
  return `### ${code}\n\n${lines.join('\n')}\n`;
}

function linked(help: string): string {
  return help.replace(/\bstart over\b/, '[start over](#starting-over)').replace('docs/02-setup.md', '[02-setup.md](02-setup.md)');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(errorsFile, errorsDocument());
