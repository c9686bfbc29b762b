/**
 * The files apps of other regions. All that is asked changes nothing, so another app of the region is asked where one does not answer. URLs
 * come back whole: of the app that answered.
 */
import { SyncError } from '@lutra/model';
import type { ManifestAnswer, ManifestRequest, NamedAnswer, NamedRequest, PackAnswer, PackRequest } from '../protocol.js';
import { HttpsCall } from './https-call.js';
import type { HttpsCallOptions } from './https-call.js';
import { Instances } from './instances.js';
import type { ListInstances } from './instances.js';

export interface RemoteFilesOptions extends HttpsCallOptions {
  readonly instances: ListInstances;
}

/** With the app that answered: what its manifest names it can pack, another one perhaps not yet. */
export type Answered<T> = T & { readonly app: string };

/** A manifest hashes files: it says nothing meanwhile. */
const silent = { manifest: 600_000, pack: 60_000, named: 60_000 };

export class RemoteFiles {
  readonly #instances: Instances;
  readonly #call: HttpsCall;

  constructor({ instances, ...options }: RemoteFilesOptions) {
    this.#instances = new Instances(instances);
    this.#call = new HttpsCall(options);
  }

  /** PEM: whom to trust, for aria2. */
  trust(): Promise<string> {
    return this.#call.trust();
  }

  async manifest(region: string, body: ManifestRequest, signal?: AbortSignal): Promise<Answered<ManifestAnswer>> {
    const { app, answer } = await this.#ask({ region, root: body.root, name: 'manifest', body, signal });
    const { entries } = answer as ManifestAnswer;
    return { app, entries: entries.map((entry) => (entry.kind === 'file' ? { ...entry, url: whole(app, entry.url) } : entry)) };
  }

  /** @param app That answered the manifest with these tokens. */
  async pack(app: string, body: PackRequest, signal?: AbortSignal): Promise<PackAnswer> {
    const answer = (await this.#call.ask({ url: app, name: 'pack', body, silentMs: silent.pack, signal })) as PackAnswer;
    return { ...answer, url: whole(app, answer.url) };
  }

  async named(region: string, body: NamedRequest, signal?: AbortSignal): Promise<NamedAnswer> {
    const { answer } = await this.#ask({ region, root: null, name: 'named', body, signal });
    return answer as NamedAnswer;
  }

  close(): void {
    this.#call.close();
  }

  async #ask({ region, root, name, body, signal }: Asked): Promise<{ readonly app: string; readonly answer: unknown }> {
    let failed: unknown;
    for (const { url } of await this.#instances.serving(region, root))
      try {
        return { app: url, answer: await this.#call.ask({ url, name, body, silentMs: silent[name], signal }) };
      } catch (error) {
        if (!(error instanceof SyncError) || error.code !== 'FILES_UNAVAILABLE') throw error;
        this.#instances.forget();
        failed = error;
      }
    throw failed;
  }
}

interface Asked {
  readonly region: string;
  readonly root: string | null;
  readonly name: 'manifest' | 'named';
  readonly body: unknown;
  readonly signal: AbortSignal | undefined;
}

function whole(app: string, url: string): string {
  return new URL(url, app).href;
}
