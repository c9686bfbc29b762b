/** The command line, made from the verbs. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { exitCodes, exitMeanings } from './exit-codes.js';
import type { OptionOf, Verb } from './verb.js';

export interface ProgramParts {
  readonly verbs: readonly Verb[];
  readonly version: string;
  readonly act: (verb: Verb, words: readonly string[], values: Readonly<Record<string, unknown>>) => Promise<void>;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Of the terminal. */
  readonly columns: number | undefined;
}

export const globalOptions: readonly OptionOf[] = [
  { flags: '--context <name>', what: 'of the configuration, instead of the current one' },
  { flags: '--json', what: "print the API's own answer" },
  { flags: '--wide', what: 'more columns, and nothing is cut' },
  { flags: '--no-color', what: 'no colours; NO_COLOR does the same' },
  { flags: '--quiet', what: 'the answer alone, no notes' },
  { flags: '--timeout <seconds>', what: 'for an answer; 30 if not given', kind: 'number' },
];

const about = `Lutra keeps MySQL databases in different regions the same. This program asks control's REST API.

Where control is: LUTRA_URL and LUTRA_TOKEN (or LUTRA_TOKEN_FILE, LUTRA_CA), else the current context (lutra context),
else http://127.0.0.1:8080.`;

export function programOf(parts: ProgramParts): Command {
  const program = new Command('lutra')
    .description(about)
    .version(parts.version, '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [verb]', 'print the help of a verb')
    .addHelpText('after', `\nExit codes:\n${exitLines()}`);
  for (const option of globalOptions) program.addOption(optionOf(option));
  for (const verb of parts.verbs) program.addCommand(commandOf(verb, parts));
  for (const command of everyCommand(program)) settle(command, parts);
  return program;
}

function exitLines(): string {
  return (Object.keys(exitCodes) as (keyof typeof exitCodes)[])
    .map((name) => `  ${String(exitCodes[name]).padEnd(4)}${exitMeanings[name]}`)
    .join('\n');
}

function commandOf(verb: Verb, parts: ProgramParts): Command {
  const command = new Command(verb.name)
    .summary(verb.summary)
    .description(`${sentence(verb.summary)}${verb.details ? `\n\n${verb.details}` : ''}`);
  for (const { syntax, what } of verb.args ?? []) command.argument(syntax, what);
  for (const option of verb.options ?? []) command.addOption(optionOf(option));
  for (const one of verb.verbs ?? []) command.addCommand(commandOf(one, parts));
  if (verb.examples)
    command.addHelpText('after', `\nExamples:\n${verb.examples.map(([line, what]) => `  ${line}\n      ${what}`).join('\n')}`);
  if (verb.run) {
    const count = verb.args?.length ?? 0;
    command.action((...given: unknown[]) => {
      const words = given
        .slice(0, count)
        .flat()
        .filter((word) => typeof word === 'string');
      return parts.act(verb, words, command.optsWithGlobals());
    });
  }
  return command;
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}

function optionOf({ flags, what, choices, required, kind }: OptionOf): Option {
  const option = new Option(flags, what);
  if (choices) option.choices(choices);
  if (required) option.makeOptionMandatory();
  if (kind === 'number') option.argParser(wholeNumber);
  if (kind === 'list') option.argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text]);
  return option;
}

function wholeNumber(text: string): number {
  if (!/^(?:-1|\d{1,15})$/.test(text)) throw new InvalidArgumentError('A whole number is needed.');
  return Number(text);
}

function everyCommand(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

/** None of this is taken over from the command above. */
function settle(command: Command, { out, err, columns }: ProgramParts): void {
  command
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({
      showGlobalOptions: command.parent !== null,
      helpWidth: columns ?? 100,
      sortOptions: false,
      subcommandTerm: (one) => one.name(),
    })
    .configureOutput({ writeOut: out, writeErr: err, getOutHelpWidth: () => columns ?? 100, getErrHelpWidth: () => columns ?? 100 });
}
