/** What the apps wrote into their logs about themselves: who took which work over and when, and what they gave up. */
import { open } from 'node:fs/promises';
import type { AppProcess } from '../harness/index.js';

/** A process became the one that works. */
export interface Claim {
  readonly process: string;
  readonly pid: number;
  /** ms since 1970 */
  readonly at: number;
}

interface Line {
  readonly level: number;
  readonly time: number;
  readonly pid: number;
  readonly msg: string;
  readonly code?: string;
}

const claimed = new Set(['claimed the log', 'took the pipeline over']);
const fatal = 60;

export class AppLogs {
  readonly #apps: readonly AppProcess[];
  readonly #read = new Map<AppProcess, number>();
  /** In order of time for each process. */
  readonly claims: Claim[] = [];
  /** Work that waits for an operator, and processes that could not start. */
  readonly troubles: string[] = [];

  constructor(apps: readonly AppProcess[]) {
    this.#apps = apps;
  }

  /** Reads on. */
  async refresh(): Promise<void> {
    for (const app of this.#apps) for (const line of await this.#next(app)) this.#take(app.name, line);
  }

  /** The last one of these processes that took the work over; the first one before any did. */
  async active(processes: readonly AppProcess[]): Promise<AppProcess | undefined> {
    await this.refresh();
    const names = processes.map(({ name }) => name);
    const last = this.claims.filter(({ process }) => names.includes(process)).toSorted((x, y) => y.at - x.at)[0];
    return processes.find(({ name }) => name === last?.process) ?? processes[0];
  }

  #take(process: string, { level, time, pid, msg, code }: Line): void {
    if (claimed.has(msg)) this.claims.push({ process, pid, at: time });
    if (msg === 'stopped; needs an operator' || level === fatal) this.troubles.push(`${process}: ${msg} (${code ?? 'no code'})`);
  }

  /** Whole lines only; what is not one of ours (a stack trace of Node) is passed over. */
  async #next(app: AppProcess): Promise<Line[]> {
    const from = this.#read.get(app) ?? 0;
    const file = await open(app.logFile).catch(() => undefined);
    if (!file) return [];
    try {
      const { size } = await file.stat();
      const bytes = Buffer.alloc(Math.max(size - from, 0));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
      const end = bytes.subarray(0, bytesRead).lastIndexOf('\n') + 1;
      this.#read.set(app, from + end);
      return bytes.toString('utf8', 0, end).split('\n').flatMap(parsed);
    } finally {
      await file.close();
    }
  }
}

function parsed(text: string): Line[] {
  if (!text.startsWith('{')) return [];
  try {
    return [JSON.parse(text) as Line];
  } catch {
    return [];
  }
}
