/** The fetching half, as the app has it: with its aria2, and the limits that the document of its region says. */
import { Aria2 } from '@lutra/files';
import type { DownloadOrder, StageRequest } from '@lutra/files';
import type { FetchRoom, RoomParts } from '../handlers.js';
import { Fetching } from './fetching.js';
import type { Downloads } from './ports.js';

/** A changed limit is in force after so long. */
const lookMs = 1_000;

export function fetchRoom(parts: RoomParts): FetchRoom {
  const { environment, roots, hashes, remote, metrics, logger, isPlacing } = parts;
  const { region, stageKeptMs } = environment;
  const aria2 = new StartedAria2(parts);
  const onError = (error: Error): void => logger.error({ err: error }, 'the stages of files cannot be tidied');
  const of = { region, stageKeptMs, roots, hashes, source: remote, downloads: aria2, metrics };
  const fetching = new Fetching({ ...of, isPlacing, onError });
  const look = setInterval(() => fetching.limits.set(limitsOf(parts)), lookMs);
  return {
    stage: (request: StageRequest, signal) => fetching.stage(request, signal),
    compare: (request) => fetching.compare(request),
    close: async () => {
      clearInterval(look);
      fetching.close();
      await aria2.close();
    },
  };
}

function limitsOf({ documents, environment: { region } }: RoomParts): Readonly<Record<string, number>> {
  try {
    return documents().regions.get(region)?.filesLimits ?? {};
  } catch {
    return {}; // not known yet: nothing is asked for before
  }
}

/** Started with the app, so that a program that is not there is told at once; and tried again by each download. */
class StartedAria2 implements Downloads {
  readonly #parts: RoomParts;
  #aria2: Promise<Aria2> | null = null;

  constructor(parts: RoomParts) {
    this.#parts = parts;
    this.#started().catch((error: unknown) => parts.logger.error({ err: error }, 'aria2 cannot be started: no files are fetched'));
  }

  async download(order: DownloadOrder): Promise<void> {
    await (await this.#started()).download(order);
  }

  setLimit(gid: string, bytesPerSecond: number | null): void {
    this.#aria2?.then(
      (aria2) => aria2.setLimit(gid, bytesPerSecond),
      () => undefined, // nothing runs
    );
  }

  async close(): Promise<void> {
    const aria2 = await this.#aria2?.catch(() => null); // it could not be started: there is nothing to close
    await aria2?.close();
  }

  #started(): Promise<Aria2> {
    this.#aria2 ??= this.#start().catch((error: unknown) => {
      this.#aria2 = null;
      throw error;
    });
    return this.#aria2;
  }

  async #start(): Promise<Aria2> {
    const { environment, remote, metrics, logger } = this.#parts;
    const onRestart = (why: string): void => {
      metrics.aria2Restarts.inc();
      logger.warn({ why }, 'aria2 is started again');
    };
    return Aria2.start({ program: environment.aria2, ca: await remote.trust(), onRestart });
  }
}
