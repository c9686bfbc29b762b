/**
 * Copies what writes changed from the history to the topic. First it is sent, then it is remembered how far that was, so what is in between
 * when the process dies is sent again, under the same ids. Remembered is a revision of which everything was sent. Servers are behind
 * CopierPorts, so that each moment at which it may die can be tried.
 */
import type { AuditEntry } from '@lutra/model';
import type { WrittenChanges } from './written-changes.js';

export interface CopierPorts {
  /** How far it was remembered last; 0: nothing was. */
  remembered(): Promise<number>;
  /** False: another has remembered something since `remembered` was asked. */
  remember(revision: number): Promise<boolean>;
  changes(after: number): Promise<WrittenChanges>;
  /** Resolves when all are in the topic. */
  send(entries: readonly AuditEntry[]): Promise<void>;
  nowMs(): number;
}

/** The node is not written with each change. */
export const rememberMs = 10_000;
/** Of one request: less than the default limit of a record batch. */
const bytesAtOnce = 192 * 1024;

export class ChangeCopier {
  readonly #ports: CopierPorts;
  #sent: number | null = null;
  #remembered = 0;
  #writtenAt = -Infinity;

  constructor(ports: CopierPorts) {
    this.#ports = ports;
  }

  /** Something was sent and is not remembered yet. */
  get unremembered(): boolean {
    return this.#sent !== null && this.#sent !== this.#remembered;
  }

  /** @throws SyncError ZOOKEEPER_*, KAFKA_*: it may be called again */
  async round(onFound: (changes: WrittenChanges) => void): Promise<void> {
    this.#sent ??= this.#remembered = await this.#ports.remembered();
    const changes = await this.#ports.changes(this.#sent);
    onFound(changes);
    for (const batch of batches(changes.entries)) await this.#ports.send(batch);
    this.#sent = changes.revision;
    if (this.#ports.nowMs() - this.#writtenAt >= rememberMs) await this.remember();
  }

  /** Nothing happens where there is nothing new. Another who remembers works on it too: what he did is looked at in the next round. */
  async remember(): Promise<void> {
    if (this.#sent === null || !this.unremembered) return;
    this.#writtenAt = this.#ports.nowMs();
    if (await this.#ports.remember(this.#sent)) this.#remembered = this.#sent;
    else this.#sent = null;
  }
}

function batches(entries: readonly AuditEntry[]): readonly (readonly AuditEntry[])[] {
  const all: AuditEntry[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = Buffer.byteLength(JSON.stringify(entry));
    const last = all.at(-1);
    if (last && bytes + size <= bytesAtOnce) last.push(entry);
    else all.push([entry]);
    bytes = all.at(-1)?.length === 1 ? size : bytes + size;
  }
  return all;
}
