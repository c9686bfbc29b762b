/**
 * Who is behind, capture or this loader? The naive way passes every row that its routes do not take. Counter-example: a table was added, capture
 * has learnt of it and publishes its rows; a loader that has not yet passes them, saves its place behind them, and is told a moment later.
 *
 * So a run asks ZooKeeper twice for the document as it is now, not as the watch last said: once it is the owner, because the owner
 * before it may have gone by newer routes than it knows; and at each record in the log that names other routes than its own. If the document
 * has other routes as well, the loader is behind and ends its run there; else the record is old, or capture is behind and will say so in a later one.
 */
import { carriedFingerprint, pipelineId, SyncError, toSyncError } from '@lutra/model';
import type { ChannelDocument, ControlRecord, Route, RouteFingerprints } from '@lutra/model';
import type { DocumentStore } from '@lutra/registry';
import { orAborted } from '@lutra/runtime';

export interface RouteCheckOptions {
  readonly channels: Pick<DocumentStore<ChannelDocument>, 'latest'>;
  /** `<channel>.<pipeline>` */
  readonly id: string;
  readonly routes: readonly Route[];
  readonly forwards: boolean;
  readonly signal: AbortSignal;
}

export class RouteCheck {
  readonly #options: RouteCheckOptions;
  readonly #fingerprint: string;

  constructor(options: RouteCheckOptions) {
    this.#options = options;
    this.#fingerprint = carriedFingerprint({ routes: [...options.routes], forwards: options.forwards });
  }

  /** What the run works with, for its status. */
  get fingerprints(): RouteFingerprints {
    return { [this.#options.id]: this.#fingerprint };
  }

  /** Does the record name other routes, or none? Capture may not know the pipeline yet, or the pipeline may be gone. */
  differs(control: ControlRecord): boolean {
    return control.kind === 'routes' && control.pipelines[this.#options.id] !== this.#fingerprint;
  }

  /** @throws SyncError CONFIG_BEHIND, which the watch mends; ZOOKEEPER_UNAVAILABLE: nobody can say, so nothing may be passed */
  async requireNewest(): Promise<void> {
    const { id, signal } = this.#options;
    const newest = await orAborted(this.#newest(), signal);
    if (newest === null) throw this.#behind(`there is no pipeline ${id} any more`);
    if (newest !== this.#fingerprint) throw this.#behind(`the routes of pipeline ${id} were changed`);
  }

  async #newest(): Promise<string | null> {
    const { id, channels } = this.#options;
    const [channel = ''] = id.split('.');
    const found = await channels.latest(channel).catch((error: unknown) => {
      if (toSyncError(error).code !== 'CONFIG_INVALID') throw error;
      throw this.#behind(`the document of channel ${channel} cannot be read, so it may have other routes now`);
    });
    const pipeline = found?.document.pipelines.find(({ name }) => pipelineId(channel, name) === id);
    return pipeline ? carriedFingerprint(pipeline) : null;
  }

  #behind(why: string): SyncError {
    return new SyncError('CONFIG_BEHIND', `${why}; this process has not been told yet`, { details: { pipeline: this.#options.id } });
  }
}
