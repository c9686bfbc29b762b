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
  retry: 'Lutra retries without end; the delay between two attempts grows to 5 s.',
  stop: 'The endpoint or pipeline stays stopped until you retry it or change its configuration. All others continue.',
  abort: 'The work ends.',
};
/** Where it is another one than that of the outcome. */
const ownWay: Partial<Record<ErrorCode, string>> = {
  CONFIG_REGRESSED: 'Work that has stopped tries again as soon as ZooKeeper has another revision.',
  LEVEL_TOO_OLD: 'The process begins its work as soon as the level is one that it knows.',
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

This page lists every error code: its cause, what is safe, what happens by itself, and what to do. The status of a channel shows the last error of each end (\`lastError\`: code, message, help, details), and
\`GET /api/v1/errors\` serves this table. Nothing is skipped unless you ask for it: the rows wait where they are until the cause is fixed. For example:

\`\`\`
 status: "state": "failed", "lastError": {"code": "TABLE_MISSING", "message": "shop.orders …", "help": "Create the table as it is at the source, then retry."}
\`\`\`

After fixing the cause of an error that stops:

\`\`\`sh
curl -X POST -H "Authorization: Bearer $LUTRA_API_TOKEN" http://127.0.0.1:8080/api/v1/channels/<name>/retry
\`\`\`

## Starting over

If the log or the binlog has lost the next records, a retry does not help. Use one of these calls. Each states its consequences before it does anything; [03-rest-api.md](03-rest-api.md) has the details.

| what is wrong | call |
|---|---|
| the source lacks the next part of its binlog, or capture cannot read it | \`POST /api/v1/endpoints/<name>/restart\`: the log continues elsewhere in the source; bring what lies between to the targets by hand |
| the log is damaged | stop the channels that read the endpoint, compare the tables and bring the target in line, or seed it again from a dump ([02-setup.md](02-setup.md#seeding-the-second-database)); \`POST /api/v1/endpoints/<name>/reset\`, with the position of the target as \`start\`; for each of their pipelines \`POST /api/v1/channels/<channel>/pipelines/<pipeline>/restart\` with \`"at": "start"\`; start the channels |
| a pipeline has lost its position | the same restart of the pipeline alone, at the start or the end of the topic, or after the position of a dump |
| rows of the target were changed or lost | \`POST /api/v1/channels/<channel>/pipelines/<pipeline>/rewind\` applies a part of the log once more |
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
  const lines = [
    `- **Cause**: ${cause}`,
    `- **Safe**: ${kept}`,
    `- **By itself**: ${ownWay[code] ?? byItself[outcome]}`,
    `- **To do**: ${linked(help)}`,
  ];
  return `### ${code}\n\n${lines.join('\n')}\n`;
}

function linked(help: string): string {
  return help.replace(/\bstart over\b/, '[start over](#starting-over)').replaceAll(/docs\/([\w-]+\.md)/g, '[$1]($1)');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(errorsFile, errorsDocument());
