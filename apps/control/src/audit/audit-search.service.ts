/**
 * Finds who did what: in memory, by time; and what lies before it in the topic, backwards in the topic's order, within a time. Changes that
 * are not in the topic yet come from the history. So a change is found at once, and without Kafka there is what the history has.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { RawRecord } from '@lutra/bus';
import { SyncError, toSyncError } from '@lutra/model';
import type { AuditEntry } from '@lutra/model';
import type { Registry } from '@lutra/registry';
import { orAborted } from '@lutra/runtime';
import { REGISTRY } from '../tokens.js';
import type { AuditDetail, AuditPage, AuditSearch, AuditShown } from './audit.schemas.js';
import { filterOf } from './audit-filter.js';
import { AuditMemory, keptOf } from './audit-memory.js';
import type { Kept } from './audit-memory.js';
import { AuditReaderService, pieceRecords } from './audit-reader.service.js';
import { documentDiff } from './document-diff.js';
import { entryOf, keyOf } from './entry.js';
import { joined } from './joined.js';
import { writtenChanges } from './written-changes.js';

const scanMs = 10_000;

interface Wanted {
  /** It was shown before the scan: another page, or the memory's part of this one, has it. */
  readonly isShown: (entry: AuditEntry) => boolean;
  readonly isWanted: (kept: Kept) => boolean;
  readonly since: number;
  readonly limit: number;
}

type Found = Omit<AuditPage, 'entries'> & { readonly found: readonly Kept[] };

const nothingMore = { after: null, complete: true, scannedTo: null } as const;

@Injectable()
export class AuditSearchService {
  #seen = 0;

  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(AuditMemory) private readonly memory: AuditMemory,
    @Inject(AuditReaderService) private readonly reader: AuditReaderService,
  ) {}

  /** @throws SyncError ZOOKEEPER_UNAVAILABLE */
  async search({ after, limit, ...filter }: AuditSearch): Promise<AuditPage> {
    await this.#takeWritten();
    const { newest, floor } = this.memory;
    const wanted = { isWanted: filterOf(filter), since: filter.since ?? 0, limit, isShown: shownIn(newest) };
    if (after?.startsWith('@')) {
      // What the memory has of the topic it may have read since that page.
      const isShown = shownIn(newest.filter(({ offset }) => offset === Infinity));
      return pageOf(await this.#scan(Number(after.slice(1)), { ...wanted, isShown }));
    }
    const matching = joined(newest).filter((kept) => wanted.isWanted(kept) && isBehind(kept, after));
    const found = matching.slice(0, limit);
    if (matching.length > limit) return pageOf({ ...nothingMore, found, after: cursorOf(found.at(-1)) });
    const older = await this.#scan(floor ?? Infinity, { ...wanted, limit: limit - found.length });
    return pageOf({ ...older, found: [...found, ...older.found] });
  }

  /** @throws SyncError CONFIG_MISSING, ZOOKEEPER_UNAVAILABLE */
  async find(id: string): Promise<AuditDetail> {
    await this.#takeWritten();
    const isWanted = ({ entry }: Kept): boolean => entry.id === id;
    const { newest, floor } = this.memory;
    const known = joined(newest).find(isWanted) ?? newest.find(isWanted);
    if (known) return detailOf(known);
    const { found, complete } = await this.#scan(floor ?? Infinity, { isWanted, since: 0, limit: 1, isShown: () => false });
    const [older] = found;
    if (older) return detailOf(older);
    const searched = complete ? '' : ` among those that were looked at in ${scanMs / 1000} s: search for it by its time`;
    throw new SyncError('CONFIG_MISSING', `there is no entry ${id} of the audit${searched}`);
  }

  /** What was written since the last time: not all of it may be in the topic. */
  async #takeWritten(): Promise<void> {
    const copied = this.reader.state === 'following' ? ((await this.registry.auditCopied.read())?.document.revision ?? 0) : 0;
    const { revision, entries } = await writtenChanges(this.registry, Math.max(this.#seen, copied));
    for (const entry of entries) this.memory.add(entry);
    this.#seen = revision;
  }

  /** Before an offset, backwards, as long as there is time. */
  async #scan(before: number, { isShown, isWanted, since, limit }: Wanted): Promise<Found> {
    if (this.reader.state === 'absent' || before === 0) return { ...nothingMore, found: [] };
    const signal = AbortSignal.timeout(scanMs);
    const ends = this.reader.state === 'away' ? null : await this.#inTime(this.reader.ends(), signal);
    if (!ends) return { found: [], after: null, complete: false, scannedTo: null };
    const begin = Math.min(before, ends.end);
    if (limit === 0 && begin > ends.start) return { ...nothingMore, found: [], after: `@${begin}` };
    const found: Kept[] = [];
    let scannedTo: number | null = null;
    for (let to = begin; to > ends.start;) {
      const from = Math.max(ends.start, to - pieceRecords);
      const records = await this.#inTime(this.reader.read(from, to, signal), signal);
      if (!records) return { found, after: `@${to}`, complete: false, scannedTo };
      for (const kept of olderOf(records, isShown).filter(isWanted)) {
        found.push(kept);
        if (found.length === limit) return { ...nothingMore, found, after: kept.offset > ends.start ? `@${kept.offset}` : null };
      }
      scannedTo = records[0]?.timestampMs ?? scannedTo;
      if (scannedTo !== null && scannedTo < since) break;
      to = from;
    }
    return { ...nothingMore, found };
  }

  /** null: the time is over, or Kafka does not answer. */
  async #inTime<T>(read: Promise<T>, signal: AbortSignal): Promise<T | null> {
    try {
      return await orAborted(read, signal);
    } catch (error) {
      const { code } = toSyncError(error);
      if (signal.aborted || code.startsWith('KAFKA_')) return null;
      throw error;
    }
  }
}

/** Last in the topic first. */
function olderOf(records: readonly RawRecord[], isShown: Wanted['isShown']): readonly Kept[] {
  const older = records.toReversed().flatMap(({ offset, value }) => {
    const entry = entryOf(value);
    return entry && !isShown(entry) ? [keptOf(entry, offset)] : [];
  });
  return joined(older);
}

function shownIn(all: readonly Kept[]): Wanted['isShown'] {
  let keys: ReadonlySet<string> | undefined;
  return (entry) => (keys ??= new Set(all.map((kept) => keyOf(kept.entry)))).has(keyOf(entry));
}

function isBehind({ entry }: Kept, after: string | undefined): boolean {
  if (after === undefined) return true;
  const at = Number(after.slice(0, after.indexOf(' ')));
  return entry.at < at || (entry.at === at && entry.id < after.slice(after.indexOf(' ') + 1));
}

function cursorOf(kept: Kept | undefined): string | null {
  return kept ? `${kept.entry.at} ${kept.entry.id}` : null;
}

function pageOf({ found, ...rest }: Found): AuditPage {
  return { entries: found.map(shownOf), ...rest };
}

interface Documents {
  readonly before: unknown;
  readonly after: unknown;
}

function documentsOf({ change }: Kept): Documents | null {
  return change === null ? null : (JSON.parse(change) as Documents);
}

function shownOf(kept: Kept): AuditShown {
  const { v: _, ...entry } = kept.entry;
  const documents = documentsOf(kept);
  const what = documents && (documents.before === null ? 'created' : documents.after === null ? 'removed' : 'changed');
  return { ...entry, what };
}

function detailOf(kept: Kept): AuditDetail {
  const documents = documentsOf(kept);
  return { ...shownOf(kept), change: documents && { ...documents, diff: documentDiff(documents.before, documents.after) } };
}
