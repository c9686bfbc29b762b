/** The placings of a root that are open, by pipeline and by path. */
import type { PipelineUid } from '@lutra/model';
import type { Entry, Placing } from './undo.js';

type Name = Pick<Placing, 'pipeline' | 'n'>;

export class OpenPlacings {
  /** Ascending within a pipeline. */
  readonly #all = new Map<PipelineUid, Placing[]>();
  readonly #byPath = new Map<string, Map<Placing, Entry>>();

  constructor(placings: readonly Placing[]) {
    for (const placing of placings) this.add(placing);
  }

  add(placing: Placing): void {
    this.#all.set(
      placing.pipeline,
      [...this.of(placing.pipeline), placing].toSorted((one, other) => one.n - other.n),
    );
    for (const entry of placing.entries) this.#byPath.set(entry.path, (this.#byPath.get(entry.path) ?? new Map()).set(placing, entry));
  }

  remove(placing: Placing): void {
    this.#all.set(
      placing.pipeline,
      this.of(placing.pipeline).filter((other) => other !== placing),
    );
    for (const { path } of placing.entries) {
      const placings = this.#byPath.get(path);
      placings?.delete(placing);
      if (placings?.size === 0) this.#byPath.delete(path);
    }
  }

  of(pipeline: PipelineUid): readonly Placing[] {
    return this.#all.get(pipeline) ?? [];
  }

  find({ pipeline, n }: Name): Placing | undefined {
    return this.of(pipeline).find((placing) => placing.n === n);
  }

  upTo({ pipeline, n }: Name): readonly Placing[] {
    return this.of(pipeline).filter((placing) => placing.n <= n);
  }

  names(path: string): boolean {
    return this.#byPath.has(path);
  }

  /** What it placed there may be taken back by another one than this pipeline. */
  isPlacedBySomebodyElse(path: string, pipeline: PipelineUid): boolean {
    return [...(this.#byPath.get(path) ?? [])].some(([placing, entry]) => placing.pipeline !== pipeline && entry.from !== 'same');
  }

  /** What other ones have at this path. */
  others(path: string, than: Placing): readonly { readonly placing: Placing; readonly entry: Entry }[] {
    return [...(this.#byPath.get(path) ?? [])].filter(([placing]) => placing !== than).map(([placing, entry]) => ({ placing, entry }));
  }
}
