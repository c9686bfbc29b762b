/** The lines of an app's log as data, for tests that say what a process noticed and when. */
import type { AppProcess } from '../harness/index.js';

export interface LogLine {
  readonly level: number;
  /** ms since 1970 */
  readonly time: number;
  readonly pid: number;
  readonly msg: string;
  readonly code?: string;
  readonly why?: string;
  readonly lease?: string;
  readonly epoch?: number;
  /** Of a lease. */
  readonly number?: number;
}

/** Of all processes that this app has been so far; what is not a line of ours (a stack trace of Node) is left out. */
export async function logLines(app: AppProcess, since = 0): Promise<readonly LogLine[]> {
  return (await app.log())
    .split('\n')
    .flatMap((text) => {
      try {
        return text.startsWith('{') ? [JSON.parse(text) as LogLine] : [];
      } catch {
        return []; // cut off in the middle by a kill
      }
    })
    .filter(({ time }) => time >= since);
}

const claims = new Set(['claimed the log', 'took the pipeline over']);

/** It became the one that works. */
export function isClaim({ msg }: LogLine): boolean {
  return claims.has(msg);
}
