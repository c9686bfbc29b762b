/**
 * The way of one wanted file to its answer: the source region is asked what it is; what is here already need not travel; the rest is
 * fetched. What changes meanwhile is asked for anew.
 */
import type { StageAnswer, WantedFile } from '@lutra/files';
import type { ErrorCode } from '@lutra/model';
import { sleep } from '@lutra/runtime';
import { FetchFailure } from './fetch-file.js';
import type { Address, FetchFile, Progress } from './fetch-file.js';
import type { KnownCopies } from './known-copies.js';
import type { LocalBytes, LocalFile } from './local-bytes.js';
import { patiently } from './patience.js';
import type { PatienceTimes } from './patience.js';
import type { OwnRoots } from './ports.js';
import type { AnsweredFile, RegionAsks } from './region-asks.js';
import type { Transfers } from './transfers.js';

export interface WantParts {
  readonly roots: OwnRoots;
  readonly asks: RegionAsks;
  readonly local: LocalBytes;
  readonly copies: KnownCopies;
  readonly transfers: Transfers;
  readonly patience: PatienceTimes;
}

export interface Want {
  readonly file: WantedFile;
  readonly region: string;
  readonly signal: AbortSignal;
  /** What is told of it. */
  progress: Progress;
}

/** It is another file each time: whoever writes it has not ended. */
const mostChanges = 3;
/** Bytes that arrived and were not those that were stated. */
const mostCorrupt = 3;
const hashingPauseMs = 250;
const usualMode = 0o644;

export const notAsked: Progress = { phase: 'asked', size: null, done: 0, bytesPerSecond: 0 };

/** @throws SyncError ABORTED, and what stops more than this file */
export async function answerWant(parts: WantParts, want: Want): Promise<StageAnswer> {
  const { file, region } = want;
  const root = parts.roots.get(file.root);
  if (!root) return refused(want, 'FILE_ROOT_UNKNOWN', `no files app of this region places files in a root ${file.root} here`);
  for (let changes = 0, corrupt = 0; ;) {
    want.progress = notAsked;
    const { entry, app, askedAt } = await ask(parts, want, want.signal);
    if (entry.kind === 'refused') return refused(want, entry.code, entry.message);
    if (entry.kind !== 'file') {
      if (entry.kind === 'unstable') return { kind: 'unstable', id: file.id };
      return { kind: (await isNamed(parts, want)) ? 'missing' : 'superseded', id: file.id };
    }
    const { sha256, size, mtimeNs, url, token } = entry;
    if (file.hash !== null && file.hash !== sha256) {
      if (!(await isNamed(parts, want))) return { kind: 'superseded', id: file.id };
      return refused(want, 'FILE_HASH_MISMATCH', `the row carries SHA-256 ${file.hash}; region ${region} has ${sha256}`);
    }
    const { maxBytes, mode } = root.settings;
    if (maxBytes !== null && size > maxBytes)
      return refused(want, 'FILE_TOO_BIG', `${size} bytes; the root of this region takes ${maxBytes}`);
    try {
      const local = { root: file.root, path: file.path, size, sha256, mtimeNs, mode: mode ?? usualMode };
      const way = await bring(parts, want, { file: local, address: { url, token, app, askedAt } });
      return { kind: 'staged', id: file.id, way, sha256, size, mtimeNs };
    } catch (error) {
      if (!(error instanceof FetchFailure)) throw error;
      if (error.kind === 'changed') changes += 1;
      else corrupt += 1;
      if (changes === mostChanges) return { kind: 'unstable', id: file.id };
      if (corrupt === mostCorrupt)
        return refused(want, 'FILE_HASH_MISMATCH', `${corrupt} times other bytes arrived than region ${region} stated`);
    }
  }
}

/** For its row: it is answered, and the others go on. */
export function refused({ file, region }: Pick<Want, 'file' | 'region'>, code: ErrorCode, message: string): StageAnswer {
  const details = { root: file.root, path: file.path, region };
  return { kind: 'refused', id: file.id, code, message, details };
}

type Answered = AnsweredFile & { readonly entry: Exclude<AnsweredFile['entry'], { kind: 'hashing' }> };

/** Until the region has read it. */
async function ask({ asks, patience }: WantParts, want: Want, signal: AbortSignal): Promise<Answered> {
  const { file, region } = want;
  const question = { region, root: file.root, path: file.path, hash: file.hash };
  for (;;) {
    const { entry, ...answer } = await patiently(patience, signal, () => asks.manifest(question, signal));
    if (entry.kind !== 'hashing') return { entry, ...answer };
    want.progress = { phase: 'hashing', size: entry.size, done: entry.done, bytesPerSecond: 0 };
    await sleep(hashingPauseMs, signal);
  }
}

/** Whether the row at the source, as it is now, still names the file. It is asked after the file was not there. */
function isNamed({ asks, patience }: WantParts, { file, region, signal }: Want): Promise<boolean> {
  const row = { ...file.row, root: file.root, path: file.path, hash: file.hash };
  return patiently(patience, signal, () => asks.named(region, row, signal));
}

async function bring(
  parts: WantParts,
  want: Want,
  { file, address }: { readonly file: LocalFile; readonly address: Address },
): Promise<'sent' | 'same' | 'copied'> {
  const { local, copies, transfers } = parts;
  want.progress = { phase: 'checking', size: file.size, done: 0, bytesPerSecond: 0 };
  const here = await local.find(file, want.signal);
  if (here) return here;
  const fetched: FetchFile = {
    ...file,
    region: want.region,
    address,
    renew: (signal) => renew(parts, { want, sha256: file.sha256 }, signal),
  };
  const came = await transfers.bring(fetched, (progress) => (want.progress = progress), want.signal);
  copies.note(file.sha256, file); // it will be there
  return came ? 'sent' : 'copied';
}

/** Another want may share the transfer: this one's own end does not end it. */
async function renew(
  parts: WantParts,
  { want, sha256 }: { readonly want: Want; readonly sha256: string },
  signal: AbortSignal,
): Promise<Address | null> {
  const { entry, app, askedAt } = await ask(parts, { ...want }, signal);
  return entry.kind === 'file' && entry.sha256 === sha256 ? { url: entry.url, token: entry.token, app, askedAt } : null;
}
