/** What `lutra init` must know, read from a file. */
import { createHash } from 'node:crypto';
import { nameOf, policies } from '@lutra/client';
import type { Answers, SideAnswers } from '@lutra/client';
import { parse } from 'yaml';
import { usageError } from '../exit-codes.js';
import { textIn } from '../plan-view.js';

const fields = ['channel', 'a', 'b', 'schemas', 'ways', 'home', 'policy', 'ddl', 'binlog'];
const sideFields = ['host', 'port', 'tls', 'admin', 'region', 'brokers', 'name', 'user', 'serverId'];

/** @throws CliError usage: it names each answer that is missing */
export function readAnswers(file: string): Answers {
  let value: unknown;
  try {
    value = parse(textIn(file));
  } catch (error) {
    throw usageError(`${file}: ${(error as Error).message}`);
  }
  return answersOf(value, file);
}

export function answersOf(value: unknown, where: string): Answers {
  const given = new Fields(value, fields);
  const [a, b] = [sideOf(given, 'a'), sideOf(given, 'b')];
  const ways = given.choice('ways', ['both', 'a-to-b'], 'both');
  const bothWays = ways === 'both';
  const schemas = given.texts('schemas') ?? given.missing('schemas', []);
  const home = bothWays ? given.choice('home', [a.region, b.region], a.region) : null;
  const answers: Answers = {
    channel: given.text('channel') ?? nameOf(schemas[0] ?? ''),
    a,
    b,
    schemas,
    bothWays,
    home,
    policy: given.choice('policy', policies, 'home'),
    ddl: given.flag('ddl', !bothWays),
    binlog: given.flag('binlog', true),
  };
  given.finish(where);
  return answers;
}

function sideOf(all: Fields, side: 'a' | 'b'): SideAnswers {
  const given = all.within(side, sideFields);
  const region = given.text('region') ?? given.missing('region', '');
  const name = given.text('name') ?? `mysql-${region}`.slice(0, 48);
  return {
    host: given.text('host') ?? given.missing('host', ''),
    port: given.number('port') ?? 3306,
    tls: tlsOf(given),
    admin: given.text('admin') ?? 'root',
    region,
    brokers: given.texts('brokers'),
    name,
    user: given.text('user') ?? 'lutra',
    serverId: given.number('serverId') ?? serverIdOf(name),
  };
}

/** The same each time that it is asked for, and seldom one that a replica has. */
export function serverIdOf(endpoint: string): number {
  return 1_000_000_000 + (createHash('sha256').update(endpoint).digest().readUInt32BE(0) % 1_000_000_000);
}

function tlsOf(given: Fields): SideAnswers['tls'] {
  const tls = given.value('tls');
  if (tls === undefined || tls === false || tls === null) return null;
  if (tls === true) return {};
  const ca = new Fields(tls, ['ca']).text('ca');
  return ca === null ? {} : { ca: textIn(ca) };
}

/** What is wrong is collected: a person corrects all of it in one go. */
class Fields {
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #problems: string[];
  readonly #path: string;

  constructor(value: unknown, known: readonly string[], path = '', problems: string[] = []) {
    this.#path = path;
    this.#problems = problems;
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
    this.#value = isMap ? (value as Readonly<Record<string, unknown>>) : {};
    for (const name of Object.keys(this.#value)) if (!known.includes(name)) problems.push(`${path}${name} is no answer that is asked for`);
  }

  within(name: string, known: readonly string[]): Fields {
    return new Fields(this.#value[name], known, `${name}.`, this.#problems);
  }

  value(name: string): unknown {
    return this.#value[name];
  }

  missing<T>(name: string, instead: T): T {
    this.#problems.push(`${this.#path}${name} is missing`);
    return instead;
  }

  text(name: string): string | null {
    return this.#of(name, 'a text', (value) => (typeof value === 'string' && value !== '' ? value : undefined));
  }

  number(name: string): number | null {
    return this.#of(name, 'a whole number', (value) => (Number.isSafeInteger(value) ? (value as number) : undefined));
  }

  texts(name: string): readonly string[] | null {
    const isList = (value: unknown): value is readonly string[] =>
      Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string' && one !== '');
    return this.#of(name, 'a list of texts', (value) => (isList(value) ? value : undefined));
  }

  flag(name: string, usual: boolean): boolean {
    return this.#of(name, 'true or false', (value) => (typeof value === 'boolean' ? value : undefined)) ?? usual;
  }

  choice<T extends string>(name: string, choices: readonly T[], usual: T): T {
    return this.#of(name, choices.join(' or '), (value) => choices.find((one) => one === value)) ?? usual;
  }

  /** @throws CliError usage */
  finish(where: string): void {
    if (this.#problems.length > 0) throw usageError(`${where}: ${this.#problems.join('; ')}`, 'lutra init --help has an example.');
  }

  #of<T>(name: string, what: string, read: (value: unknown) => T | undefined): T | null {
    const value = this.#value[name];
    if (value === undefined || value === null) return null;
    const found = read(value);
    if (found === undefined) this.#problems.push(`${this.#path}${name} is not ${what}`);
    return found ?? null;
  }
}
