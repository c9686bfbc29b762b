/**
 * MariaDB's GTIDs, `domain-server-seq`: a position holds the last transaction of each domain and stands for all before it. Within a domain
 * the sequence number rises, whatever server commits (gtid_strict_mode), so numbers alone decide.
 */
import { SyncError } from '@lutra/model';
import type { GtidRange } from './gtid-ranges.js';

interface Last {
  readonly server: string;
  readonly sequence: bigint;
}

const pattern = /^(\d{1,10})-(\d{1,10})-(\d{1,20})$/;

export class GtidPosition {
  /** By domain. */
  readonly #domains = new Map<number, Last>();

  /** @throws SyncError CONFIG_INVALID */
  static parse(text: string): GtidPosition {
    const position = new GtidPosition();
    for (const gtid of text.replaceAll(/\s+/g, '').split(',')) {
      if (gtid !== '') position.add(gtid);
    }
    return position;
  }

  /** Moves the gtid's domain up to it; never back. */
  add(gtid: string): void {
    const { domain, server, sequence } = split(gtid);
    const last = this.#domains.get(domain);
    if (!last || last.sequence < sequence) this.#domains.set(domain, { server, sequence });
  }

  addAll(other: GtidPosition): void {
    for (const gtid of other.#list()) this.add(gtid);
  }

  /** A position stands for all before it. */
  ranges(): readonly GtidRange[] {
    const domains = [...this.#domains].sort(([a], [b]) => a - b);
    return domains.map(([domain, { sequence }]) => ({ of: `domain ${domain}`, first: 1n, last: sequence }));
  }

  contains(gtid: string): boolean {
    const { domain, sequence } = split(gtid);
    const last = this.#domains.get(domain);
    return last !== undefined && sequence <= last.sequence;
  }

  isSubsetOf(other: GtidPosition): boolean {
    return this.#list().every((gtid) => other.contains(gtid));
  }

  #list(): string[] {
    const domains = [...this.#domains].sort(([a], [b]) => a - b);
    return domains.map(([domain, { server, sequence }]) => `${domain}-${server}-${sequence}`);
  }

  toString(): string {
    return this.#list().join(',');
  }
}

function split(gtid: string): { domain: number; server: string; sequence: bigint } {
  const parts = pattern.exec(gtid);
  if (!parts) throw new SyncError('CONFIG_INVALID', `"${gtid.slice(0, 200)}" is not a GTID of MariaDB`);
  return { domain: Number(parts[1]), server: `${Number(parts[2])}`, sequence: BigInt(parts[3] ?? '') };
}
