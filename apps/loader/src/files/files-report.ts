/** What a loader says of the files that it waits for, and of those that it keeps: status, metric, log. */
import type { WorkDeps } from '@lutra/host';
import type { FilesActivity, HeldFiles } from '@lutra/model';

/** Trouble with files apps that lasts so long is logged. */
const troubleMs = 10_000;

export class FilesReport {
  readonly #deps: Pick<WorkDeps, 'logger' | 'metrics' | 'status'>;
  readonly #name: string;
  #isTroubled = false;
  #held: readonly HeldFiles[] = [];

  /** `name`: of the pipeline. */
  constructor(deps: Pick<WorkDeps, 'logger' | 'metrics' | 'status'>, name: string) {
    this.#deps = deps;
    this.#name = name;
  }

  /** By root, files that are to go and stay. */
  held(held: ReadonlyMap<string, number>): void {
    const kept = [...held].map(([root, files]) => ({ root, files }));
    if (JSON.stringify(kept) === JSON.stringify(this.#held)) return;
    this.#held = kept;
    const why = 'files that no row is known to name are kept: a table that a rule of their root takes lacks a column of the rule';
    for (const { root, files } of kept) this.#deps.logger.warn({ root, files }, why);
  }

  /** `placing`: what placing, or taking back, waits for. */
  tell(staging: FilesActivity | undefined, placing?: FilesActivity['trouble']): void {
    const { status, metrics } = this.#deps;
    const trouble = placing ?? staging?.trouble;
    const more = { ...(trouble && { trouble }), ...(this.#held.length > 0 && { held: this.#held }) };
    const activity = Object.keys(more).length === 0 ? staging : { rows: 0, files: 0, waiting: [], ...staging, ...more };
    if (activity || status.status.files) status.update({ files: activity });
    metrics.filesWaiting.set({ name: this.#name }, staging?.files ?? 0);
    this.#log(trouble);
  }

  /** The run has ended: nobody waits. */
  end(): void {
    const { status, metrics } = this.#deps;
    if (status.status.files) status.update({ files: undefined });
    metrics.filesWaiting.set({ name: this.#name }, 0);
  }

  #log(trouble: FilesActivity['trouble']): void {
    const { logger } = this.#deps;
    const lasts = trouble !== undefined && Date.now() - trouble.since >= troubleMs;
    if (lasts && !this.#isTroubled) logger.warn({ code: trouble.code }, `files wait: ${trouble.message}`);
    else if (!trouble && this.#isTroubled) logger.info({}, 'files that waited for a files app come again');
    this.#isTroubled = lasts || (this.#isTroubled && trouble !== undefined);
  }
}
