/**
 * A golden file: SQL in steps, and what each step leaves in the log and at the target. README.md says how one is written. Pure: text in,
 * text out.
 */
import { type DdlAnswer, ddlAnswers, type Route, routeSchema } from '@lutra/model';

export const goldenServers = ['mysql80', 'mysql97', 'mariadb114'] as const;
export type GoldenServer = (typeof goldenServers)[number];

/** `target` is the target's server; any other name is a session of the source. */
export const targetSession = 'target';
export const usualSession = 'a';

export interface GoldenStatement {
  readonly session: string;
  /** Of the client; '' is utf8mb4. */
  readonly charset: string;
  readonly sql: string;
}

/** What is done once the pipeline holds. */
export interface GoldenHold {
  /** met: nobody answers. */
  readonly answer: DdlAnswer | 'met';
  readonly statements: readonly GoldenStatement[];
}

interface Expectation {
  /** None: all that no other block of the step names. */
  readonly servers: readonly GoldenServer[];
  readonly lines: readonly string[];
}

export interface GoldenStep {
  /** As it stands in the file, down to what is expected. */
  readonly text: string;
  readonly statements: readonly GoldenStatement[];
  readonly hold: GoldenHold | null;
  readonly expectations: readonly Expectation[];
}

export interface GoldenFile {
  readonly name: string;
  /** Its own, and where nothing else is said the whole of it is routed. */
  readonly database: string;
  readonly on: readonly GoldenServer[];
  readonly routes: readonly Route[];
  readonly steps: readonly GoldenStep[];
}

/** @throws with the line that cannot be read */
export function parseGolden(name: string, text: string): GoldenFile {
  const reader = new Reader(name);
  for (const line of text.split('\n')) reader.take(line);
  return reader.file();
}

export function expectedLines(step: GoldenStep, server: GoldenServer): readonly string[] {
  const own = step.expectations.find(({ servers }) => servers.includes(server));
  return (own ?? step.expectations.find(({ servers }) => servers.length === 0))?.lines ?? [];
}

/** The text of the file with these results: lines by step. What was not run on a server stays as it is. */
export function writeGolden(file: GoldenFile, results: ReadonlyMap<GoldenServer, readonly (readonly string[])[]> = new Map()): string {
  const steps = file.steps.map((step, index) => {
    const byServer = file.on.map((server) => [server, results.get(server)?.[index] ?? expectedLines(step, server)] as const);
    const different = [...new Set(byServer.map(([, lines]) => lines.join('\n')))];
    const blocks = different.map((lines) => {
      const servers = byServer.filter(([, own]) => own.join('\n') === lines).map(([server]) => server);
      const named = different.length === 1 ? '' : ` ${servers.join(' ')}`;
      return `-- @expect${named}\n${lines === '' ? '' : `${lines}\n`}`;
    });
    return `${step.text}${blocks.join('\n')}`;
  });
  return steps.join('\n');
}

class Reader {
  readonly #name: string;
  readonly #database: string;
  #on: readonly GoldenServer[] = [];
  readonly #routes: Route[] = [];
  readonly #steps: GoldenStep[] = [];
  #session = usualSession;
  #charset = '';
  #text: string[] = [];
  #statement: string[] = [];
  #statements: GoldenStatement[] = [];
  #hold: { answer: GoldenHold['answer']; statements: GoldenStatement[] } | null = null;
  #expectations: { servers: readonly GoldenServer[]; lines: string[] }[] = [];
  #expecting = false;

  constructor(name: string) {
    this.#name = name;
    this.#database = name.replaceAll('-', '_');
  }

  take(line: string): void {
    const [, word, rest = ''] = /^-- @(\w+) ?(.*)$/.exec(line) ?? [];
    if (word === 'expect') return this.#expect(rest);
    if (this.#expecting && line !== '') return void this.#expectations.at(-1)?.lines.push(line);
    if (this.#expecting) return void (this.#expecting = false);
    if (this.#expectations.length > 0) this.#endStep();
    this.#text.push(line);
    if (word !== undefined) return this.#directive(word, rest);
    if (this.#statement.length === 0 && (line === '' || line.startsWith('--'))) return;
    this.#statement.push(line);
    if (line.endsWith(';')) this.#endStatement();
  }

  file(): GoldenFile {
    if (this.#statement.length > 0) throw this.#error('the last statement has no end: a semicolon at the end of a line');
    if (this.#expectations.length > 0) this.#endStep();
    if (this.#text.some((line) => line !== '')) throw this.#error('what is behind the last "-- @expect" is expected to do nothing: say so');
    if (this.#on.length === 0) throw this.#error('"-- @on" is missing: on which servers it is played');
    const routes = this.#routes.length === 0 ? [routeSchema.parse({ schema: this.#database })] : this.#routes;
    return { name: this.#name, database: this.#database, on: this.#on, routes, steps: this.#steps };
  }

  #directive(word: string, rest: string): void {
    switch (word) {
      case 'on':
        this.#on = this.#servers(rest);
        return;
      case 'route':
        this.#routes.push(routeSchema.parse(JSON.parse(rest)));
        return;
      case 'session':
        [this.#session = usualSession, this.#charset = ''] = rest.split(' ');
        return;
      case 'held': {
        const answer = [...ddlAnswers, 'met' as const].find((one) => one === rest);
        if (!answer) throw this.#error(`"-- @held ${rest}": it must be one of ${ddlAnswers.join(', ')}, met`);
        this.#hold = { answer, statements: [] };
        this.#session = targetSession;
        return;
      }
      default:
        throw this.#error(`"-- @${word}" is not known`);
    }
  }

  #endStatement(): void {
    const sql = this.#statement.join('\n').slice(0, -1);
    this.#statement = [];
    (this.#hold?.statements ?? this.#statements).push({ session: this.#session, charset: this.#charset, sql });
  }

  #expect(rest: string): void {
    if (this.#statement.length > 0) throw this.#error(`the statement before "-- @expect" has no end: ${this.#statement.join(' ')}`);
    this.#expectations.push({ servers: this.#servers(rest), lines: [] });
    this.#expecting = true;
  }

  #endStep(): void {
    const text = `${this.#text.join('\n')}\n`;
    this.#steps.push({ text, statements: this.#statements, hold: this.#hold, expectations: this.#expectations });
    [this.#text, this.#statements, this.#hold, this.#expectations] = [[], [], null, []];
    [this.#session, this.#charset] = [usualSession, ''];
  }

  #servers(text: string): readonly GoldenServer[] {
    const words = text.split(' ').filter((word) => word !== '');
    return words.map((word) => {
      const server = goldenServers.find((one) => one === word);
      if (!server) throw this.#error(`the server "${word}" is not one of ${goldenServers.join(', ')}`);
      return server;
    });
  }

  #error(what: string): Error {
    return new Error(`${this.#name}.sql: ${what}`);
  }
}
