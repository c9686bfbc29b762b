/**
 * Small files of one root of one region: they travel in packs. A pack leaves as soon as one of the few ways is free, so that it is small
 * while there is little to do and full while there is much. What changes meanwhile is left out, and the others go on.
 */
import { createHash } from 'node:crypto';
import type { Slots } from '@lutra/files';
import { SyncError, toSyncError } from '@lutra/model';
import { orAborted } from '@lutra/runtime';
import { carryOne } from './carry-one.js';
import type { Carrier } from './carrier.js';
import { orDiskFull } from './disk-errors.js';
import { FetchFailure, isFresh } from './fetch-file.js';
import type { FetchFile, Progress } from './fetch-file.js';
import { newMember, partsOf, showPack, untilNobody } from './pack-member.js';
import type { Addressed, Member, MemberPart } from './pack-member.js';
import { splitPack } from './pack-split.js';
import { Patience } from './patience.js';
import type { PatienceTimes } from './patience.js';
import type { SourceRegions } from './ports.js';
import type { StageFolder } from './stage-folder.js';

const mostFiles = 1_000;
const mostBytes = 64 * 1024 * 1024;
/** What is asked for together arrives within so long. */
const lingerMs = 10;

export interface PackLaneParts {
  readonly region: string;
  readonly root: string;
  readonly source: SourceRegions;
  readonly carrier: Carrier;
  readonly stage: StageFolder;
  readonly patience: PatienceTimes;
  /** Packs under way from the region. */
  readonly slots: Slots;
  readonly signal: AbortSignal;
}

export class PackLane {
  readonly #parts: PackLaneParts;
  #waiting: Member[] = [];
  #leaving = false;

  constructor(parts: PackLaneParts) {
    this.#parts = parts;
  }

  /** It is staged then. @throws FetchFailure, SyncError FILES_UNAVAILABLE, FILES_DISK_FULL, ABORTED */
  fetch(file: FetchFile, progress: Progress, signal: AbortSignal): Promise<void> {
    const { member, end } = newMember(file, progress, signal);
    this.#waiting.push(member);
    if (!this.#leaving) void this.#leave();
    return end;
  }

  async #leave(): Promise<void> {
    this.#leaving = true;
    try {
      while (this.#waiting.length > 0) {
        const release = await this.#parts.slots.take(this.#parts.signal);
        if (this.#waiting.length < mostFiles) await new Promise((resolve) => setTimeout(resolve, lingerMs));
        void this.#sendKnown(this.#cut()).finally(release);
      }
    } catch (error) {
      for (const member of this.#waiting.splice(0)) member.settle(error);
    } finally {
      this.#leaving = false;
    }
  }

  #cut(): readonly Member[] {
    const wanted = this.#waiting.filter(({ over }) => !over);
    let bytes = 0;
    const over = wanted.findIndex(({ file }, index) => index === mostFiles || (bytes += file.size) > mostBytes);
    this.#waiting = over === -1 ? [] : wanted.slice(over);
    return over === -1 ? wanted : wanted.slice(0, over);
  }

  /** By the addresses that they came with, unless one of them waited too long. */
  #sendKnown(members: readonly Member[]): Promise<void> {
    const addressed = members.map((member) => ({ member, address: member.file.address }));
    return this.#send(members, addressed.every(({ address }) => isFresh(address)) ? addressed : null);
  }

  /** Ends when each of them is settled. */
  async #send(all: readonly Member[], known: readonly Addressed[] | null): Promise<void> {
    const members = all.filter(({ over }) => !over);
    if (members.length === 0) return;
    const signal = AbortSignal.any([untilNobody(members), this.#parts.signal]);
    try {
      const addressed = known ?? (await this.#renewed(members, signal));
      if (addressed.length > 0) await this.#carry(addressed, signal);
    } catch (error) {
      if (error instanceof FetchFailure && error.kind === 'changed') return await this.#apart(members, error);
      const told = error instanceof FetchFailure ? error : toSyncError(orDiskFull(error, this.#parts.root));
      for (const member of members) member.settle(told);
    }
  }

  /** Nobody says which of them changed: those that are as they were go on in two halves. */
  async #apart(members: readonly Member[], failure: FetchFailure): Promise<void> {
    if (members.length === 1) return members[0]?.settle(failure);
    const middle = Math.ceil(members.length / 2);
    for (const half of [members.slice(0, middle), members.slice(middle)]) await this.#send(half, null);
  }

  /** Without those that changed: they are settled. */
  async #renewed(members: readonly Member[], signal: AbortSignal): Promise<readonly Addressed[]> {
    const renewed = await Promise.all(members.map(async (member) => ({ member, address: await member.file.renew(signal) })));
    return renewed.flatMap(({ member, address }) => {
      if (address) return [{ member, address }];
      member.settle(new FetchFailure('changed', `${member.file.root}: another file is at the path`));
      return [];
    });
  }

  async #carry(addressed: readonly Addressed[], signal: AbortSignal): Promise<void> {
    const [first] = addressed;
    const { carrier, stage } = this.#parts;
    if (first && addressed.length === 1) {
      const { member, address } = first;
      await carryOne({ carrier, stage, file: member.file, address, progress: member.progress, signal });
      return member.settle(null);
    }
    const url = await this.#ask(addressed, signal);
    await this.#carryPack({ parts: partsOf(addressed), url }, signal);
  }

  async #carryPack({ parts, url }: { readonly parts: readonly MemberPart[]; readonly url: string }, signal: AbortSignal): Promise<void> {
    const { region, root, carrier, stage } = this.#parts;
    const members = parts.map(({ member }) => member);
    const carriage = {
      region,
      root,
      out: `${packName(parts)}.pack`,
      url,
      sha256: null,
      size: sizeOf(parts),
      roomBytes: 2 * sizeOf(parts),
      signal,
      renew: async () => {
        const renewed = await this.#sameRenewed(parts, signal);
        return renewed && (await this.#ask(renewed, signal));
      },
      onProgress: (done: number, bytesPerSecond: number) => showPack(parts, done, bytesPerSecond),
    };
    await carrier.carry(carriage, async (name) => {
      for (const { progress } of members) progress.phase = 'checking';
      await splitPack({ stage, name, parts, signal }, ({ member }, result) => {
        member.settle(result === 'staged' ? null : new FetchFailure('corrupt', `${root}: bytes of a pack are not those that were stated`));
      });
    });
  }

  /** @returns the URL of their pack. @throws FetchFailure changed; SyncError */
  async #ask(addressed: readonly Addressed[], signal: AbortSignal): Promise<string> {
    const patience = new Patience(this.#parts.patience);
    for (let known: readonly Addressed[] | null = addressed; known;) {
      try {
        return await this.#askOnce(known, signal);
      } catch (error) {
        if (!(error instanceof SyncError) || error.code !== 'FILES_UNAVAILABLE') throw error;
        await patience.after(error, signal);
        known = await this.#sameRenewed(known, signal);
      }
    }
    throw new FetchFailure('changed', `${this.#parts.root}: a file of a pack changed`);
  }

  async #askOnce(addressed: readonly Addressed[], signal: AbortSignal): Promise<string> {
    const { root, source } = this.#parts;
    // Of the app that answered the first one; what that app sees otherwise than the others' it says.
    const app = addressed[0]?.address.app ?? '';
    const tokens = addressed.map(({ address }) => address.token);
    try {
      const pack = await orAborted(source.pack(app, { root, tokens }, signal), signal);
      if (pack.size === sizeOf(partsOf(addressed))) return pack.url;
      throw new FetchFailure('changed', `${root}: a pack has another size`);
    } catch (error) {
      if (!(error instanceof SyncError) || error.code !== 'FILE_UNSTABLE') throw error;
      throw new FetchFailure('changed', error.message, { cause: error });
    }
  }

  /** Null: one of them changed. */
  async #sameRenewed(all: readonly Pick<Addressed, 'member'>[], signal: AbortSignal): Promise<readonly Addressed[] | null> {
    const renewed = await this.#renewed(
      all.map(({ member }) => member),
      signal,
    );
    return renewed.length === all.length ? renewed : null;
  }
}

function sizeOf(parts: readonly MemberPart[]): number {
  return parts.reduce((sum, { file }) => sum + file.size, 0);
}

/** Of these bytes in this order. */
function packName(parts: readonly MemberPart[]): string {
  const hash = createHash('sha256');
  for (const { file } of parts) hash.update(file.sha256);
  return hash.digest('hex');
}
