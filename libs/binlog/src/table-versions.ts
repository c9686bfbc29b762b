/**
 * The versions of tables met so far, by the bytes of their table maps: events of one version share one schema object and one decoder, and
 * a table is judged once. Tables that no route takes are not looked into at all.
 */
import { ofTable, yearSignOf } from '@lutra/model';
import type { ServerFacts } from './column-facts.js';
import { readTableVersion } from './columns.js';
import { rowsDecoder } from './rows-event.js';
import type { RowsDecoder } from './rows-event.js';
import { readTableMapHead } from './table-map.js';
import type { TableMapHead } from './table-map.js';

export type Table = RowsDecoder | 'filtered';

/** Versions kept; when there are more (tables made and dropped all day), all are discarded and judged again. */
const mostVersions = 10_000;

export class TableVersions {
  #facts: ServerFacts;
  readonly #wants: (table: { readonly database: string; readonly name: string }) => boolean;
  /** By table id: the usual case, found without making a key. */
  readonly #recent = new Map<number, { readonly version: Buffer; readonly table: Table }>();
  readonly #byVersion = new Map<string, Table>();

  constructor(facts: Omit<ServerFacts, 'yearSign'>, wants: (table: { readonly database: string; readonly name: string }) => boolean) {
    this.#facts = { ...facts, yearSign: 'unknown' };
    this.#wants = wants;
  }

  /** A file starts, written by a server of this version: equal table maps may mean something else now. */
  writtenBy(version: string): void {
    const yearSign = yearSignOf(version);
    if (yearSign === this.#facts.yearSign) return;
    this.#facts = { ...this.#facts, yearSign };
    this.discard();
  }

  /** Each table is judged anew. */
  discard(): void {
    this.#recent.clear();
    this.#byVersion.clear();
  }

  /** @param body of a table map event */
  read(body: Buffer): { tableId: number; table: Table } {
    const tableId = body.readUIntLE(0, 6);
    const recent = this.#recent.get(tableId);
    if (recent?.version.equals(body.subarray(6)) === true) return { tableId, table: recent.table };
    const version = Buffer.from(body.subarray(6));
    const table = this.#find(body, version.toString('latin1'));
    if (this.#recent.size >= mostVersions) this.#recent.clear();
    this.#recent.set(tableId, { version, table });
    return { tableId, table };
  }

  #find(body: Buffer, key: string): Table {
    const known = this.#byVersion.get(key);
    if (known !== undefined) return known;
    const head = readTableMapHead(body);
    const table = this.#wants({ database: head.database, name: head.name }) ? this.#decoder(head) : 'filtered';
    if (this.#byVersion.size >= mostVersions) this.#byVersion.clear();
    this.#byVersion.set(key, table);
    return table;
  }

  #decoder(head: TableMapHead): RowsDecoder {
    try {
      return rowsDecoder(readTableVersion(head, this.#facts));
    } catch (error) {
      throw ofTable(error, head);
    }
  }
}
