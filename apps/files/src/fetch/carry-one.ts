/** One file by a download of its own: aria2 checks its bytes. */
import type { Carrier } from './carrier.js';
import type { Address, FetchFile, Progress } from './fetch-file.js';
import type { StageFolder } from './stage-folder.js';

export interface OneFile {
  readonly carrier: Carrier;
  readonly stage: StageFolder;
  readonly file: FetchFile;
  readonly address: Address;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export async function carryOne({ carrier, stage, file, address, progress, signal }: OneFile): Promise<void> {
  const { region, root, sha256, size } = file;
  progress.phase = 'sending';
  const carriage = {
    region,
    root,
    // The same bytes of another path, or after a restart, go on where these were.
    out: `${sha256}.part`,
    url: address.url,
    sha256,
    size,
    roomBytes: size,
    signal,
    renew: async () => (await file.renew(signal))?.url ?? null,
    // aria2 reads all of it once more then.
    onProgress: (done: number, bytesPerSecond: number) =>
      Object.assign(progress, { phase: done < size ? 'sending' : 'checking', done, bytesPerSecond }),
  };
  await carrier.carry(carriage, (name) => stage.keep(name, file));
}
