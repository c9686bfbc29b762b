/** What processes used from now on, as Linux counts it: CPU time in ticks of 10 ms, and the peak of memory. */
import { readFile, writeFile } from 'node:fs/promises';

export interface Usage {
  /** User and system. */
  readonly cpuMicros: number;
  /** Peak since the meter began, where the peak may be set back; else since the process began. */
  readonly rssBytes: number;
}

const tickMicros = 10_000;

export class ProcessMeter<Name extends string> {
  readonly #pids: Readonly<Record<Name, number | undefined>>;
  readonly #before: ReadonlyMap<Name, number>;

  private constructor(pids: Readonly<Record<Name, number | undefined>>, before: ReadonlyMap<Name, number>) {
    this.#pids = pids;
    this.#before = before;
  }

  static async begin<Name extends string>(pids: Readonly<Record<Name, number | undefined>>): Promise<ProcessMeter<Name>> {
    const before = new Map<Name, number>();
    for (const [name, pid] of Object.entries<number | undefined>(pids)) {
      await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => undefined); // not permitted: the peak is an older one
      before.set(name as Name, await cpuMicros(pid));
    }
    return new ProcessMeter(pids, before);
  }

  async read(): Promise<Record<Name, Usage>> {
    const usages = {} as Record<Name, Usage>;
    for (const [name, before] of this.#before) {
      const pid = this.#pids[name];
      usages[name] = { cpuMicros: (await cpuMicros(pid)) - before, rssBytes: await peakBytes(pid) };
    }
    return usages;
  }
}

/** So far, with children that have ended where they are asked for; 0 for a process that is gone. */
export async function cpuMicros(pid: number | undefined, { withChildren = false } = {}): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name may hold blanks and brackets: what follows it is counted, user time is the 12th, system time the 13th, those of children next.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, withChildren ? 15 : 13).reduce((sum, ticks) => sum + Number(ticks) * tickMicros, 0);
}

export async function peakBytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}
