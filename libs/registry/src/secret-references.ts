/**
 * Secrets that are not stored but named: `env:LUTRA_SECRET_…`, `file:…` below LUTRA_SECRETS_DIR. Read by the process that connects, each
 * time: a file that was replaced is seen. Nothing outside of that prefix and that folder is read, and never what protects Lutra itself:
 * who may write a document could have it sent to a server of his own.
 */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { SyncError, secretReferenceSchema } from '@lutra/model';

type Environment = Readonly<Record<string, string | undefined>>;

/** A client's key with its certificates; a password has a few bytes. */
const mostBytes = 64 * 1024;

export class SecretReferences {
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /**
   * The text without the line break at its end.
   * @throws SyncError SECRET_MISSING naming the reference
   */
  resolve(reference: string): string {
    if (!secretReferenceSchema.safeParse(reference).success) throw missing(reference, 'it is none');
    const name = reference.slice(reference.indexOf(':') + 1);
    const text = reference.startsWith('env:') ? this.#variable(reference, name) : this.#file(reference, name);
    if (text === '') throw missing(reference, 'it is empty');
    return text;
  }

  #variable(reference: string, name: string): string {
    const text = this.#environment[name];
    if (text === undefined) throw missing(reference, 'this process has no such variable');
    return text;
  }

  #file(reference: string, name: string): string {
    const folder = this.#environment['LUTRA_SECRETS_DIR'] || undefined;
    if (folder === undefined) throw missing(reference, 'LUTRA_SECRETS_DIR is not set for this process');
    try {
      const path = realpathSync(join(folder, name));
      if (!path.startsWith(realpathSync(folder) + sep)) throw missing(reference, 'a link leads out of LUTRA_SECRETS_DIR');
      if (this.#own().has(path)) throw missing(reference, "it is a secret of Lutra's own, which no server is told");
      const stat = statSync(path);
      if (!stat.isFile() || stat.size > mostBytes) throw missing(reference, `no file of at most ${mostBytes} bytes`);
      return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      if (error instanceof SyncError) throw error;
      const { code } = error as NodeJS.ErrnoException;
      throw missing(reference, `the file cannot be read (${code ?? 'unknown error'})`);
    }
  }

  /** The files of the key and of the token, which may lie in the same folder. */
  #own(): ReadonlySet<string> {
    const files = Object.entries(this.#environment).flatMap(([variable, path]) => (variable.endsWith('_FILE') && path ? [path] : []));
    return new Set(files.flatMap((file) => realPathOf(file)));
  }
}

function realPathOf(file: string): readonly string[] {
  try {
    return [realpathSync(file)];
  } catch {
    return []; // not there: nothing to protect
  }
}

/** Never with the text: the reference is all that may be said. */
function missing(reference: string, why: string): SyncError {
  return new SyncError('SECRET_MISSING', `secret ${reference} cannot be had: ${why}`, { details: { reference } });
}
