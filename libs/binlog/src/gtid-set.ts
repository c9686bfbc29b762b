/**
 * A set of MySQL's GTIDs, `uuid:1-5:7,uuid:tag:3`: which transactions have been read. Exact up to 2^63−1. Adding the next transaction of
 * a server and printing the set is cheap (only the end of one interval changes), because every commit carries the whole set.
 */
import { SyncError } from '@lutra/model';
import type { GtidRange } from './gtid-ranges.js';

interface Interval {
  first: bigint;
  last: bigint;
}

/** One server (and tag) that commits. */
interface Source {
  readonly uuid: string;
  readonly tag: string;
  /** Ascending, with a hole between any two. */
  intervals: Interval[];
  /** Text of all intervals but the last; null when it has to be made again. */
  head: string | null;
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const tagPattern = /^[a-z_][a-z0-9_]{0,31}$/;
const intervalPattern = /^([1-9]\d{0,18})(?:-([1-9]\d{0,18}))?$/;

function invalid(text: string): SyncError {
  return new SyncError('CONFIG_INVALID', `"${text.slice(0, 200)}" is not a GTID set`);
}

export class GtidSet {
  /** By `uuid` or `uuid:tag`. */
  readonly #sources = new Map<string, Source>();
  /** The sources in the order in which they are printed. */
  #ordered: Source[] = [];
  #text: string | null = '';

  /** @throws SyncError CONFIG_INVALID */
  static parse(text: string): GtidSet {
    const set = new GtidSet();
    for (const block of text.toLowerCase().replaceAll(/\s+/g, '').split(',')) {
      if (block !== '') set.#addBlock(block);
    }
    return set;
  }

  #addBlock(block: string): void {
    const [uuid = '', ...items] = block.split(':');
    if (!uuidPattern.test(uuid) || items.length === 0) throw invalid(block);
    let tag = '';
    let tagIsEmpty = true;
    for (const item of items) {
      const bounds = intervalPattern.exec(item);
      if (bounds) {
        const first = BigInt(bounds[1] ?? '');
        const last = BigInt(bounds[2] ?? first);
        if (last < first) throw invalid(block);
        this.#insert(this.#source(uuid, tag), first, last);
        tagIsEmpty = false;
      } else if (tagPattern.test(item) && (tag === '' || !tagIsEmpty)) {
        tag = item;
        tagIsEmpty = true;
      } else throw invalid(block);
    }
    if (tagIsEmpty) throw invalid(block);
  }

  /** @param gtid `uuid:5` or `uuid:tag:5` */
  add(gtid: string): void {
    const { key, number } = splitGtid(gtid);
    const source = this.#sources.get(key) ?? this.#newSource(key);
    const last = source.intervals.at(-1);
    if (last && last.last + 1n === number) last.last = number;
    else this.#insert(source, number, number);
    this.#text = null;
  }

  addAll(other: GtidSet): void {
    for (const { uuid, tag, intervals } of other.#ordered) {
      for (const { first, last } of intervals) this.#insert(this.#source(uuid, tag), first, last);
    }
  }

  ranges(): readonly GtidRange[] {
    return this.#ordered.flatMap(({ uuid, tag, intervals }) =>
      intervals.map(({ first, last }) => ({ of: tag === '' ? uuid : `${uuid}:${tag}`, first, last })),
    );
  }

  contains(gtid: string): boolean {
    const { key, number } = splitGtid(gtid);
    return this.#covers(key, number, number);
  }

  isSubsetOf(other: GtidSet): boolean {
    for (const [key, source] of this.#sources) {
      if (!source.intervals.every(({ first, last }) => other.#covers(key, first, last))) return false;
    }
    return true;
  }

  #covers(key: string, first: bigint, last: bigint): boolean {
    const intervals = this.#sources.get(key)?.intervals ?? [];
    let low = 0;
    let high = intervals.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const interval = intervals[middle]!;
      if (interval.last < first) low = middle + 1;
      else if (interval.first > first) high = middle - 1;
      else return last <= interval.last;
    }
    return false;
  }

  #source(uuid: string, tag: string): Source {
    const key = tag === '' ? uuid : `${uuid}:${tag}`;
    return this.#sources.get(key) ?? this.#newSource(key);
  }

  #newSource(key: string): Source {
    const [uuid = '', tag = ''] = key.split(':');
    if (!uuidPattern.test(uuid) || (tag !== '' && !tagPattern.test(tag))) throw invalid(key);
    const source: Source = { uuid, tag, intervals: [], head: null };
    this.#sources.set(key, source);
    this.#ordered = [...this.#sources.values()].sort((a, b) => compare(a.uuid, b.uuid) || compare(a.tag, b.tag));
    return source;
  }

  #insert(source: Source, first: bigint, last: bigint): void {
    const before = source.intervals.filter((interval) => interval.last + 1n < first);
    const after = source.intervals.filter((interval) => interval.first > last + 1n);
    const touching = source.intervals.slice(before.length, source.intervals.length - after.length);
    const start = touching[0] && touching[0].first < first ? touching[0].first : first;
    const end = touching.at(-1)?.last ?? last;
    source.intervals = [...before, { first: start, last: end > last ? end : last }, ...after];
    source.head = null;
    this.#text = null;
  }

  /** As MySQL prints it, without line breaks. */
  toString(): string {
    if (this.#text !== null) return this.#text;
    let text = '';
    let uuid = '';
    for (const source of this.#ordered) {
      if (source.uuid !== uuid) text += `${text === '' ? '' : ','}${source.uuid}`;
      uuid = source.uuid;
      text += `${source.tag === '' ? '' : `:${source.tag}`}:${printIntervals(source)}`;
    }
    this.#text = text;
    return text;
  }
}

function printIntervals(source: Source): string {
  source.head ??= source.intervals
    .slice(0, -1)
    .map((interval) => `${printInterval(interval)}:`)
    .join('');
  return source.head + printInterval(source.intervals.at(-1)!);
}

function printInterval({ first, last }: Interval): string {
  return first === last ? `${first}` : `${first}-${last}`;
}

function splitGtid(gtid: string): { key: string; number: bigint } {
  const colon = gtid.lastIndexOf(':');
  const digits = gtid.slice(colon + 1);
  if (colon < 0 || !/^[1-9]\d{0,18}$/.test(digits)) throw invalid(gtid);
  return { key: gtid.slice(0, colon).toLowerCase(), number: BigInt(digits) };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
