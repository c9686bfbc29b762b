/**
 * The files apps of one region over HTTPS. Whatever belongs to a root goes to the app that holds its lease; where that app does not answer,
 * the request is sent once more, to whom holds the lease then. This is safe: each request may come twice, and those with an epoch are
 * fenced.
 */
import { SyncError } from '@lutra/model';
import type { FilesService } from '../files-service.js';
import type {
  CompareAnswer,
  CompareRequest,
  DeleteAnswer,
  DeleteRequest,
  FenceAnswer,
  FenceRequest,
  ListAnswer,
  ListRequest,
  PlaceAnswer,
  PlaceRequest,
  SettleRequest,
  StageAnswer,
  StageProgress,
  StageRequest,
  UnplaceRequest,
  WantedFile,
} from '../protocol.js';
import { HttpsCall } from './https-call.js';
import type { HttpsCallOptions } from './https-call.js';
import { Instances } from './instances.js';
import type { ListInstances } from './instances.js';
import { merged } from './merged.js';

export interface FilesClientOptions extends HttpsCallOptions {
  readonly region: string;
  readonly instances: ListInstances;
}

/** Silence that ends a request. Stage tells something at least once a second. */
const silent = {
  stage: 30_000,
  place: 300_000,
  unplace: 120_000,
  settle: 60_000,
  fence: 120_000,
  delete: 30_000,
  compare: 600_000,
  list: 300_000,
};

export class FilesClient implements FilesService {
  readonly #region: string;
  readonly #instances: Instances;
  readonly #call: HttpsCall;

  constructor({ region, instances, ...options }: FilesClientOptions) {
    this.#region = region;
    this.#instances = new Instances(instances);
    this.#call = new HttpsCall(options);
  }

  async *stage(request: StageRequest, signal: AbortSignal): AsyncGenerator<StageAnswer | StageProgress> {
    const { files, ...of } = request;
    const byRoot = Map.groupBy(files, ({ root }) => root);
    // Who stops listening to one stops all.
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    try {
      yield* merged([...byRoot].map(([root, some]) => this.#stageIn(root, { ...of, files: some }, either)));
    } finally {
      over.abort();
    }
  }

  place(request: PlaceRequest): Promise<PlaceAnswer> {
    return this.#atHolder('place', request) as Promise<PlaceAnswer>;
  }

  async unplace(request: UnplaceRequest): Promise<void> {
    await this.#atHolder('unplace', request);
  }

  async settle(request: SettleRequest): Promise<void> {
    await this.#atHolder('settle', request);
  }

  fence(request: FenceRequest): Promise<FenceAnswer> {
    return this.#atHolder('fence', request) as Promise<FenceAnswer>;
  }

  delete(request: DeleteRequest): Promise<DeleteAnswer> {
    return this.#atHolder('delete', request) as Promise<DeleteAnswer>;
  }

  compare(request: CompareRequest): Promise<CompareAnswer> {
    return this.#atHolder('compare', request) as Promise<CompareAnswer>;
  }

  list(request: ListRequest): Promise<ListAnswer> {
    return this.#atHolder('list', request) as Promise<ListAnswer>;
  }

  close(): void {
    this.#call.close();
  }

  /** What was answered is not asked again by the second try. */
  async *#stageIn(root: string, request: StageRequest, signal: AbortSignal): AsyncGenerator<StageAnswer | StageProgress> {
    const left = new Map<number, WantedFile>(request.files.map((file) => [file.id, file]));
    for (let last = false; left.size > 0; last = true) {
      try {
        const { url } = await this.#instances.placing(this.#region, root);
        const body = { ...request, files: [...left.values()] };
        for await (const line of this.#call.lines({ url, name: 'stage', body, silentMs: silent.stage, signal })) {
          const answer = line as StageAnswer | StageProgress;
          if (answer.kind !== 'progress') left.delete(answer.id);
          yield answer;
        }
        if (left.size > 0) throw new SyncError('FILES_UNAVAILABLE', `the files app at ${url} left files of root ${root} unanswered`);
      } catch (error) {
        this.#failed(error, last);
      }
    }
  }

  async #atHolder(name: Exclude<keyof typeof silent, 'stage'>, body: { readonly root: string }): Promise<unknown> {
    for (let last = false; ; last = true)
      try {
        const { url } = await this.#instances.placing(this.#region, body.root);
        return await this.#call.ask({ url, name, body, silentMs: silent[name] });
      } catch (error) {
        this.#failed(error, last);
      }
  }

  /** Returns where it is worth another try. */
  #failed(error: unknown, last: boolean): void {
    this.#instances.forget();
    if (last || !(error instanceof SyncError) || error.code !== 'FILES_UNAVAILABLE') throw error;
  }
}
