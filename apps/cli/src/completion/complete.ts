/**
 * What a shell may offer for the word that is being typed: verbs, options, choices, and names that control knows. Control is asked for half
 * a second at most (or for the --timeout of the line), and nothing else is ever said.
 */
import type { LutraClient } from '@lutra/client';
import { Contexts } from '../contexts.js';
import { exitCodes } from '../exit-codes.js';
import type { ExitCode } from '../exit-codes.js';
import { Output } from '../output/output.js';
import { globalOptions } from '../program.js';
import type { Process } from '../process.js';
import { openClient } from '../session.js';
import type { Argument, Named, OptionOf, Verb } from '../verb.js';

/** The scripts of the shells call it with the words of the line up to the cursor. */
export const completionVerb = '__complete';

const limitMs = 500;

/** @param words The last one is being typed, and may be empty. */
export async function complete(verbs: readonly Verb[], words: readonly string[], process: Process): Promise<ExitCode> {
  const typed = words.at(-1) ?? '';
  const offered = await offers(verbs, words, process).catch(() => []);
  // What control names may be anything, where it is not the one that it should be.
  for (const one of offered.filter((word) => /^[\x21-\x7e]+$/.test(word))) if (one.startsWith(typed)) process.stdout.write(`${one}\n`);
  return exitCodes.ok;
}

interface Place {
  readonly verb: Verb | null;
  readonly verbs: readonly Verb[];
  /** Behind the verb, without options. */
  readonly words: readonly string[];
  /** Whose value is being typed. */
  readonly option: OptionOf | undefined;
}

async function offers(verbs: readonly Verb[], words: readonly string[], process: Process): Promise<readonly string[]> {
  const typed = words.at(-1) ?? '';
  const place = typedSoFar(verbs, words.slice(0, -1));
  if (place.option) return place.option.choices ?? (/--context/.test(place.option.flags) ? contextNames(process) : []);
  if (typed.startsWith('-')) return [...optionsOf(place.verb), { flags: '--help' }].map(({ flags }) => nameOf(flags));
  if (place.verbs.length > 0) return [...place.verbs.map(({ name }) => name), ...(place.verb ? [] : ['help'])];
  const argument = argumentAt(place.verb?.args ?? [], place.words.length);
  return argument?.named === undefined ? [] : namesOf(argument.named, place.words, words, process);
}

function typedSoFar(verbs: readonly Verb[], words: readonly string[]): Place {
  let place: Place = { verb: null, verbs, words: [], option: undefined };
  for (const word of words) {
    if (place.option) place = { ...place, option: undefined };
    else if (word.startsWith('-'))
      place = { ...place, option: optionsOf(place.verb).find((one) => nameOf(one.flags) === word && /[<[]/.test(one.flags)) };
    else {
      const verb = place.verbs.find(({ name }) => name === word);
      place = verb ? { ...place, verb, verbs: verb.verbs ?? [] } : { ...place, words: [...place.words, word] };
    }
  }
  return place;
}

function optionsOf(verb: Verb | null): readonly OptionOf[] {
  return [...(verb?.options ?? []), ...globalOptions];
}

/** `--reason <text>` → --reason */
function nameOf(flags: string): string {
  return /--[\w-]+/.exec(flags)?.[0] ?? flags;
}

function argumentAt(args: readonly Argument[], at: number): Argument | undefined {
  return args[at] ?? (args.at(-1)?.syntax.includes('...') ? args.at(-1) : undefined);
}

function contextNames({ env }: Process): readonly string[] {
  return Object.keys(new Contexts(env).read().contexts);
}

async function namesOf(named: Named, before: readonly string[], words: readonly string[], process: Process): Promise<readonly string[]> {
  if (typeof named !== 'string') return named;
  if (named === 'context') return contextNames(process);
  const after = (option: string): string | undefined => (words.includes(option) ? words[words.indexOf(option) + 1] : undefined);
  const silent = new Output({ stdout: process.stdout, stderr: process.stderr, json: true, quiet: true, wide: false, colour: false });
  const timeoutMs = Number(after('--timeout')) * 1000 || limitMs;
  const client = openClient(new Contexts(process.env), silent, { context: after('--context'), timeoutMs });
  return await askNames(client, named, before.at(-1) ?? '');
}

async function askNames(client: LutraClient, named: Exclude<Named, readonly string[]>, channel: string): Promise<readonly string[]> {
  if (named === 'pipeline') {
    const { pipelines } = await client.call('GET /api/v1/channels/{name}', { path: { name: channel } });
    return pipelines.map(({ name }) => name);
  }
  const key = named === 'channel' ? 'GET /api/v1/channels' : named === 'endpoint' ? 'GET /api/v1/endpoints' : 'GET /api/v1/regions';
  return (await client.call(key)).map(({ name }) => name);
}
