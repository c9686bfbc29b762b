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
  #folder = '';
  #more: Readonly<Record<string, string>> = {};

  constructor(options: FilesSiteOptions) {
    const { region, environment } = options;
    this.#options = options;
    this.app = new AppProcess({ app: 'files', name: `files-${region}`, environment: () => ({ ...environment(), ...this.#more }) });
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
    const [port] = await freePorts(1);
    this.#more = {
      LUTRA_ROOTS: roots.map((root) => `${root}=${this.path(root)}`).join(' '),
      LUTRA_FILES_PORT: String(port),
      LUTRA_FILES_URL: `https://127.0.0.1:${port}`,
      LUTRA_ARIA2: await aria2c(log),
    };
  }

  async remove(): Promise<void> {
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
  }
}
