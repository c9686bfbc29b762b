/** Makes docs/cli.md from the verbs of apps/cli. usage: npx tsx scripts/cli-doc.ts. A unit test sees to it that the file is up to date. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadVerbs } from '../apps/cli/src/commands.js';
import { exitCodes, exitMeanings } from '../apps/cli/src/exit-codes.js';
import { globalOptions } from '../apps/cli/src/program.js';
import type { OptionOf, Verb } from '../apps/cli/src/verb.js';

export const cliPage = fileURLToPath(new URL('../docs/cli.md', import.meta.url));

const head = `<!-- made by scripts/cli-doc.ts from apps/cli/src/commands: change it there -->

# The command line: \`lutra\`

\`lutra\` asks [control's REST API](03-rest-api.md). It shows tables to people and the API's own JSON to scripts.

\`\`\`sh
npm run pack                                                  # dist/lutra-<version>.tgz: one file, no dependencies
npm install -g ./dist/lutra-*.tgz                             # or: npx ./dist/lutra-*.tgz status
lutra context set prod --url https://lutra.example:8080       # asks for the token
lutra status
\`\`\`

In the clone, after \`npm run build\`, \`npx lutra\` runs it. The Docker image has it as \`lutra\`: \`docker compose exec -e LUTRA_TOKEN control lutra status\`.
It needs Node 24.6 or newer.

## Where control is, and who asks

| | |
|---|---|
| \`lutra context set <name>\` | keeps an address, a token and a CA in \`~/.config/lutra/config.json\` (\`XDG_CONFIG_HOME\`), which nobody else may read. The last one set or used is current; \`--context\` names another |
| \`LUTRA_URL\`, \`LUTRA_TOKEN\`, \`LUTRA_TOKEN_FILE\`, \`LUTRA_CA\` | come before the current context. With \`LUTRA_URL\` nothing of a context is used, so its token goes to no other server |
| neither | \`http://127.0.0.1:8080\` |

A token is in no command line: others on the machine could read it there. \`lutra\` follows no redirect, and says so when a token goes over the network unencrypted.

## For scripts

- \`--json\` prints the API's own answer to stdout, and with \`--watch\` one answer a line. What is about the answer, and errors, go to stderr, errors as JSON too.
- Without a terminal \`lutra\` asks nothing. What loses data or cannot be undone needs \`--accept\` there.
- Tables are cut to the width of a terminal only. Colours are for terminals, and off with \`--no-color\` or \`NO_COLOR\`.

| exit code | meaning |
|---|---|
`;

export async function cliDocument(): Promise<string> {
  const verbs = await loadVerbs();
  const codes = (Object.keys(exitCodes) as (keyof typeof exitCodes)[]).map((name) => `| ${exitCodes[name]} | ${exitMeanings[name]} |`);
  const list = verbs.map(({ name, summary }) => `| [\`${name}\`](#lutra-${name}) | ${escaped(summary)} |`);
  const shared = `## Options of all verbs\n\n${optionTable(globalOptions)}`;
  const overview = `## Verbs\n\n| verb | |\n|---|---|\n${list.join('\n')}\n`;
  return [`${head}${codes.join('\n')}\n`, shared, overview, ...verbs.map((verb) => sectionOf(verb, `lutra ${verb.name}`))].join('\n');
}

function sectionOf(verb: Verb, line: string): string {
  const level = line.split(' ').length === 2 ? '##' : '###';
  const parts = [
    `${level} ${line}`,
    verb.run ? `\`${usageOf(verb, line)}\`` : '',
    `${sentence(verb.summary)}${verb.details ? ` ${verb.details}` : ''}`,
    verb.args?.length || verb.options?.length
      ? `| | |\n|---|---|\n${[...argumentLines(verb), ...(verb.options ?? []).map(optionLine)].join('\n')}`
      : '',
    verb.examples ? `\`\`\`sh\n${verb.examples.map(([example, what]) => `${example}    # ${what}`).join('\n')}\n\`\`\`` : '',
  ].filter((part) => part !== '');
  const own = `${parts.join('\n\n')}\n`;
  return [own, ...(verb.verbs ?? []).map((one) => sectionOf(one, `${line} ${one.name}`))].join('\n');
}

function usageOf({ args = [], options = [] }: Verb, line: string): string {
  const needed = options.filter(({ required }) => required).map(({ flags }) => flags);
  return [line, ...args.map(({ syntax }) => syntax), ...needed, ...(options.length > needed.length ? ['[options]'] : [])].join(' ');
}

function argumentLines({ args = [] }: Verb): readonly string[] {
  return args.map(({ syntax, what }) => `| \`${syntax}\` | ${escaped(what)} |`);
}

function optionTable(options: readonly OptionOf[]): string {
  return `| | |\n|---|---|\n${options.map(optionLine).join('\n')}\n`;
}

function optionLine({ flags, what, choices }: OptionOf): string {
  return `| \`${flags}\` | ${escaped(what)}${choices ? `: ${choices.join(', ')}` : ''} |`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(cliPage, await cliDocument());
