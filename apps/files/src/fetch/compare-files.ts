/** For verification: what this region and another one have at the same paths. */
import { Slots } from '@lutra/files';
import type { CompareAnswer, CompareRequest, ManifestEntry } from '@lutra/files';
import { SyncError } from '@lutra/model';
import { orAborted, sleep } from '@lutra/runtime';
import { readOwn } from './own-files.js';
import type { OwnFile, OwnParts } from './own-files.js';
import { patiently } from './patience.js';
import type { PatienceTimes } from './patience.js';
import type { AskedFile, RegionAsks } from './region-asks.js';

export interface CompareParts extends OwnParts {
  readonly asks: RegionAsks;
  readonly patience: PatienceTimes;
}

type Difference = CompareAnswer['differs'][number];

/** Files of this region that are read at once, for all requests: rows do not wait behind a verification. */
const reading = new Slots(4);
const hashingPauseMs = 250;

/** @throws SyncError FILES_UNAVAILABLE, FILE_ROOT_UNKNOWN, ABORTED */
export async function compareFiles(parts: CompareParts, request: CompareRequest, signal: AbortSignal): Promise<CompareAnswer> {
  const { root, sourceRegion: region } = request;
  const failed = new AbortController();
  const until = AbortSignal.any([signal, failed.signal]);
  try {
    return { differs: await Promise.all(request.files.map((file) => compareFile(parts, { region, root, ...file }, until))) };
  } finally {
    failed.abort();
  }
}

async function compareFile(parts: CompareParts, file: AskedFile, signal: AbortSignal): Promise<Difference> {
  const here = orAborted(
    reading.run(() => hereOf(parts, file, signal), signal),
    signal,
  );
  const there = await thereOf(parts, file, signal);
  return difference(await here, there, file.hash);
}

/** What is not followed is no file that it has. */
async function hereOf(parts: CompareParts, { root, path }: AskedFile, signal: AbortSignal): Promise<OwnFile> {
  try {
    return await readOwn(parts, { root, path }, signal);
  } catch (error) {
    if (error instanceof SyncError && error.code === 'FILE_PATH_INVALID') return 'missing';
    throw error;
  }
}

async function thereOf({ asks, patience }: CompareParts, file: AskedFile, signal: AbortSignal): Promise<ManifestEntry> {
  for (;;) {
    const { entry } = await patiently(patience, signal, () => asks.manifest({ ...file, hash: null }, signal));
    if (entry.kind !== 'hashing') return entry;
    await sleep(hashingPauseMs, signal);
  }
}

function difference(here: OwnFile, there: ManifestEntry, hash: string | null): Difference {
  if (here === 'unstable' || there.kind === 'unstable') return 'unstable';
  if (there.kind !== 'file') return here === 'missing' ? 'missing' : 'missing-there';
  if (typeof here !== 'object') return 'missing-here';
  return here.sha256 === there.sha256 && (hash === null || here.sha256 === hash) ? null : 'different';
}
