/** The files app of a region, and the trees that it serves: folders of their own, which `remove()` takes away. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aria2c } from '../servers/index.js';
import { freePorts } from '../servers/ports.js';
import { AppProcess } from './app-process.js';
import type { Log } from './stack-options.js';

export interface FilesSiteOptions {
  readonly region: string;
  /** Names. */
  readonly roots: readonly string[];
  readonly environment: () => Readonly<Record<string, string>>;
}

export class FilesSite {
  readonly app: AppProcess;
  readonly #options: FilesSiteOptions;
  /** Where the other regions reach the app, from its next start on. */
  url = '';
  port = 0;
  #folder = '';
  #program = '';

  constructor(options: FilesSiteOptions) {
    const { region, environment } = options;
    this.#options = options;
    this.app = new AppProcess({ app: 'files', name: `files-${region}`, environment: () => ({ ...environment(), ...this.#own() }) });
  }

  /** Folder of a root. */
  path(root: string): string {
    return join(this.#folder, root);
  }

  /** Before the app starts: folders, port, aria2. */
  async prepare(log: Log): Promise<void> {
    const { region, roots } = this.#options;
    this.#folder = await mkdtemp(join(tmpdir(), `lutra-roots-${region}-`));
    for (const root of roots) await mkdir(this.path(root));
    [this.port = 0] = await freePorts(1);
    this.url = `https://127.0.0.1:${this.port}`;
    this.#program = await aria2c(log);
  }

  #own(): Readonly<Record<string, string>> {
    return {
      LUTRA_ROOTS: this.#options.roots.map((root) => `${root}=${this.path(root)}`).join(' '),
      LUTRA_FILES_PORT: String(this.port),
      LUTRA_FILES_URL: this.url,
      LUTRA_ARIA2: this.#program,
    };
  }

  async remove(): Promise<void> {
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
  }
}
