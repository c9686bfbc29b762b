/**
 * Where control is and who asks: `config.json` in the user's folder, which nobody else can read, or the environment. A token of one control
 * never goes to another: LUTRA_URL takes no token from the file.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { usageError } from './exit-codes.js';

export interface Context {
  readonly url: string;
  readonly token?: string;
  /** PEM file of the authority that signed control's certificate. */
  readonly ca?: string;
}

export interface Resolved extends Context {
  /** null: of the environment, or the default. */
  readonly name: string | null;
}

interface Config {
  readonly current?: string;
  readonly contexts: Readonly<Record<string, Context>>;
}

type Environment = Readonly<Record<string, string | undefined>>;

const defaultUrl = 'http://127.0.0.1:8080';

export class Contexts {
  readonly #env: Environment;
  readonly file: string;

  constructor(env: Environment) {
    this.#env = env;
    this.file = join(env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config'), 'lutra', 'config.json');
  }

  /** @throws CliError */
  read(): Config {
    let text: string;
    try {
      text = readFileSync(this.file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { contexts: {} };
      throw usageError(`${this.file} cannot be read: ${(error as Error).message}`);
    }
    if ((statSync(this.file).mode & 0o077) !== 0 && process.platform !== 'win32')
      throw usageError(`${this.file} has tokens and can be read by others`, `chmod 600 ${this.file}`);
    try {
      const { current, contexts } = JSON.parse(text) as Partial<Config>;
      return { ...(current === undefined ? {} : { current }), contexts: contexts ?? {} };
    } catch {
      throw usageError(`${this.file} is no JSON`, 'Repair or remove it.');
    }
  }

  /** Becomes the current one. */
  set(name: string, context: Context): void {
    const { contexts } = this.read();
    this.#write({ current: name, contexts: { ...contexts, [name]: context } });
  }

  use(name: string): void {
    const config = this.read();
    this.#find(config, name);
    this.#write({ ...config, current: name });
  }

  remove(name: string): void {
    const { current, contexts } = this.read();
    this.#find({ contexts }, name);
    const { [name]: _, ...left } = contexts;
    this.#write({ ...(current === undefined || current === name ? {} : { current }), contexts: left });
  }

  /** @param name As --context gave it. */
  resolve(name: string | undefined): Resolved {
    if (name !== undefined) return { name, ...this.#find(this.read(), name) };
    const url = this.#env['LUTRA_URL'] || undefined;
    const token = this.#token();
    const ca = this.#env['LUTRA_CA'] || undefined;
    const given = { ...(token === undefined ? {} : { token }), ...(ca === undefined ? {} : { ca }) };
    if (url !== undefined) return { name: null, url: urlOf(url, 'LUTRA_URL'), ...given };
    const config = this.read();
    if (config.current === undefined) return { name: null, url: defaultUrl, ...given };
    return { name: config.current, ...this.#find(config, config.current), ...given };
  }

  #token(): string | undefined {
    const { LUTRA_TOKEN: token, LUTRA_TOKEN_FILE: file } = this.#env;
    if (!file) return token || undefined;
    if (token) throw usageError('LUTRA_TOKEN and LUTRA_TOKEN_FILE are both set; keep one');
    try {
      return readFileSync(file, 'utf8').trim();
    } catch {
      throw usageError(`LUTRA_TOKEN_FILE: ${file} cannot be read`);
    }
  }

  #find({ contexts }: Config, name: string): Context {
    const found = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
    if (found) return found;
    const names = Object.keys(contexts);
    throw usageError(
      `there is no context ${name}`,
      names.length === 0 ? 'lutra context set makes one.' : `There are: ${names.join(', ')}.`,
    );
  }

  /** Whole or not at all, and never readable by others. */
  #write(config: Config): void {
    mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
    // A name that nobody knows before, and nothing behind it: a link that somebody laid there would be written through.
    const draft = `${this.file}.${randomUUID()}`;
    writeFileSync(draft, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(draft, this.file);
  }
}

/** @throws CliError */
export function urlOf(text: string, where: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) throw usageError(`${where}: an address such as https://lutra.example:8080`);
  if (url.username !== '' || url.password !== '') throw usageError(`${where}: no password in an address; use LUTRA_TOKEN`);
  if (url.search !== '' || url.hash !== '') throw usageError(`${where}: an address without ? and #`);
  return url.href.replace(/\/+$/, '');
}
