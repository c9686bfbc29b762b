/** What flows, while it flows: on a terminal a table that is drawn over itself every second, elsewhere a line every few seconds. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type PipelineStatus, type Side, sides, type Stack, sumTotals, type Totals, type TransferReader } from '../harness/index.js';
import { type Arrived, arrivedAt } from './file-metrics.js';

export interface Watched {
  readonly stack: Stack;
  /** All that write at a side. */
  readonly writers: Readonly<Record<Side, readonly { readonly totals: Totals }[]>>;
  readonly readers: Readonly<Record<Side, TransferReader>>;
}

const pollMs = 1000;
const lineMs = 4000;

export class LiveTable {
  readonly #watched: Watched;
  readonly #begin = performance.now();
  readonly #loop: Promise<void>;
  #stopping = false;
  #drawn = 0;
  #nextLine = 0;
  #maxLagMs = 0;
  readonly #arrivals: Readonly<Record<Side, Arrivals>>;

  constructor(watched: Watched) {
    this.#watched = watched;
    this.#arrivals = { a: new Arrivals(watched.stack, 'b'), b: new Arrivals(watched.stack, 'a') };
    this.#loop = this.#run();
  }

  /** The greatest lag that any status told. */
  get maxLagMs(): number {
    return this.#maxLagMs;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const status = await this.#watched.stack.api.channelStatus(this.#watched.stack.channel).catch(() => undefined);
      await Promise.all(sides.map((side) => this.#arrivals[side].look()));
      if (status) this.#show(status.pipelines);
      await sleep(pollMs);
    }
  }

  #show(pipelines: readonly PipelineStatus[]): void {
    for (const { lagMs } of pipelines) this.#maxLagMs = Math.max(this.#maxLagMs, lagMs ?? 0);
    const seconds = (performance.now() - this.#begin) / 1000;
    if (process.stdout.isTTY) this.#draw(this.#table(pipelines, seconds));
    else if (seconds * 1000 >= this.#nextLine) {
      this.#nextLine = (Math.floor((seconds * 1000) / lineMs) + 1) * lineMs;
      console.log(this.#line(pipelines, seconds));
    }
  }

  #table(pipelines: readonly PipelineStatus[], seconds: number): string[] {
    // As wide as an old terminal.
    const head = ['', 'rows', 'commits', 'rows/s', 'lag', 'files/s', 'MB', 'state'];
    const rows = pipelines.map((pipeline, index) => [
      this.#direction(index),
      ...figures(pipeline),
      ...this.#files(index).slice(1),
      pipeline.reason ?? pipeline.state,
    ]);
    const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)));
    const line = (row: readonly string[]): string =>
      row
        .map((cell, column) =>
          column === 0 || column === row.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ');
    const reads = sides.map((side) => this.#watched.readers[side].report);
    const sums = `sums of balances read: ${reads.reduce((sum, { reads }) => sum + reads, 0)}, wrong: ${reads.reduce((sum, { wrong }) => sum + wrong.length, 0)}`;
    return [line(head), ...rows.map(line), `${seconds.toFixed(0)} s   loops: ${this.#loops(pipelines)}   ${sums}`];
  }

  #line(pipelines: readonly PipelineStatus[], seconds: number): string {
    const parts = pipelines.map((pipeline, index) => {
      const [rows, transactions, rate, lag] = figures(pipeline);
      const [files, , megabytes] = this.#files(index);
      const trouble = pipeline.state === 'running' ? '' : ` (${pipeline.state}${pipeline.reason ? `: ${pipeline.reason}` : ''})`;
      return `${this.#direction(index)} ${rows} rows, ${transactions} transactions, ${rate} rows/s, ${files} files (${megabytes} MB), lag ${lag}${trouble}`;
    });
    return `  ${seconds.toFixed(0).padStart(3)} s  ${parts.join(' | ')} | loops ${this.#loops(pipelines)}`;
  }

  #files(index: number): [string, string, string] {
    const { arrived, perSecond } = this.#arrivals[index === 0 ? 'a' : 'b'];
    return [count(arrived.files), count(perSecond), count(arrived.bytes / 1e6)];
  }

  #direction(index: number): string {
    const { a, b } = this.#watched.stack.regions;
    return index === 0 ? `${a} → ${b}` : `${b} → ${a}`;
  }

  /** Rows that a capture published and that no writer of its side wrote. */
  #loops(pipelines: readonly PipelineStatus[]): number {
    return sides.reduce((sum, side, index) => {
      const { rows: sent = 0, seeds = [] } = pipelines[index]?.source.worker ?? {};
      if (seeds.some(({ state }) => state === 'running')) return sum; // its rows are counted a moment later than they are sent
      const published = sent - seeds.reduce((sum, seed) => sum + seed.rows, 0);
      const { rows, unknown } = sumTotals(this.#watched.writers[side].map(({ totals }) => totals));
      return sum + (unknown.length === 0 ? Math.max(0, published - rows - inFlight) : 0);
    }, 0);
  }

  #draw(lines: readonly string[]): void {
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A\u001b[J` : '';
    const width = process.stdout.columns || 120; // a line that wraps would not be drawn over
    process.stdout.write(`${up}${lines.map((line) => `${`  ${line}`.slice(0, width - 1)}\n`).join('')}`);
    this.#drawn = lines.length;
  }
}

/** Of files, at one side. */
class Arrivals {
  #arrived: Arrived = { files: 0, bytes: 0 };
  #at = performance.now();
  #perSecond = 0;

  constructor(
    readonly stack: Stack,
    readonly side: Side,
  ) {}

  get arrived(): Arrived {
    return this.#arrived;
  }

  get perSecond(): number {
    return this.#perSecond;
  }

  async look(): Promise<void> {
    const now = await arrivedAt(this.stack, this.side);
    if (!now) return;
    const at = performance.now();
    this.#perSecond = ((now.files - this.#arrived.files) * 1000) / (at - this.#at);
    this.#arrived = now;
    this.#at = at;
  }
}

/** A transaction may be published before its writer has heard that it is committed; and a drain writes two probes. */
const inFlight = 60;

function figures({ rows, transactions, rowsPerSecond, lagMs }: PipelineStatus): [string, string, string, string] {
  return [count(rows), count(transactions), count(rowsPerSecond), lagMs === null ? '–' : `${(lagMs / 1000).toFixed(1)} s`];
}

export function count(n: number): string {
  return Math.round(n).toLocaleString('en-US');
}
