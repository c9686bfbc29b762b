/**
 * The way of a row without processes: a real server's binlog, capture's reader, the Avro codec, the loader's statements, a real server.
 * What a table holds afterwards is compared with its source by the servers' own words.
 */
import type { Row, SourceItem, TableSchema } from '@lutra/model';
import { ApplyConnection, loadTable, matchTables, Session, StatementBuilder } from '@lutra/mysql';
import type { ConnectionOptions, TargetTable } from '@lutra/mysql';
import type { Connection } from 'mysql2/promise';
import { collectToEnd, executed, rowsOf, select, writer } from '../../libs/binlog/src/reading.fixture.js';
import { codec, eventOf, header, raw } from '../../libs/avro/test/samples.js';
import type { MysqlServer } from '../servers/index.js';

export class Carrier {
  readonly server: MysqlServer;
  /** A session in UTC, without strict mode. */
  readonly source: Connection;
  readonly #session: Session;
  readonly #target: ApplyConnection;

  private constructor(server: MysqlServer, source: Connection, session: Session, target: ApplyConnection) {
    this.server = server;
    this.source = source;
    this.#session = session;
    this.#target = target;
  }

  static async open(server: MysqlServer): Promise<Carrier> {
    const options = optionsOf(server);
    const source = await writer(server);
    await source.query(
      'SET innodb_strict_mode = OFF; CREATE DATABASE here CHARACTER SET utf8mb4; CREATE DATABASE there CHARACTER SET utf8mb4; USE here',
    );
    return new Carrier(server, source, await Session.open(options, 'target'), await ApplyConnection.open(options));
  }

  get options(): ConnectionOptions {
    return optionsOf(this.server);
  }

  async close(): Promise<void> {
    this.source.destroy();
    await this.#session.close();
    await this.#target.close();
  }

  /** Two tables alike: here and there. */
  async create(name: string, columns: string): Promise<void> {
    for (const database of ['here', 'there']) await this.source.query(`CREATE TABLE ${database}.${name} (${columns})`);
  }

  /** Writes, and carries what was written to tables of `here`. @returns the schemas as capture had them */
  async replicate(write: () => Promise<void>): Promise<readonly TableSchema[]> {
    const start = await executed(this.server);
    await write();
    const items = rowsOf(await collectToEnd(this.server, start, { wants: ({ database }) => database === 'here' }));
    const { encoder, decoder } = codec();
    const builder = new StatementBuilder();
    const targets = new Map<TableSchema, TargetTable>();
    for (const { table, op, before, after } of items.flatMap(images)) {
      const prepared = await encoder.prepare(table);
      const { body } = await decoder.decode(raw(prepared.encode(header, eventOf(table, { before, after }))));
      if (body.kind !== 'row') throw new Error('not a row');
      let target = targets.get(body.table);
      if (!target) {
        targets.set(body.table, (target = await loadTable(this.#session, 'there', body.table.name)));
        matchTables(body.table, target);
      }
      builder.add({ op, before: body.event.before, after: body.event.after, source: body.table, target });
    }
    const { sql, marks, ...large } = builder.take();
    if (marks.length > 0)
      await this.#target.run({ sql: `BEGIN;\n${sql};\nCOMMIT`, marks: [{ does: 'begin' }, ...marks, { does: 'commit' }], ...large });
    return items.map(({ table }) => table);
  }

  /** The servers' checksums of the rows as they are stored. */
  async checksums(name: string): Promise<readonly string[]> {
    const rows = await select(this.source, `CHECKSUM TABLE here.${name}, there.${name}`);
    return rows.map((row) => String(row['Checksum']));
  }
}

function optionsOf({ host, port, user, password }: MysqlServer): ConnectionOptions {
  return { host, port, user, password };
}

interface Image {
  readonly table: TableSchema;
  readonly op: 'c' | 'u' | 'd';
  readonly before: Row | null;
  readonly after: Row | null;
}

function images({ table, op, rows }: Extract<SourceItem, { kind: 'rows' }>): readonly Image[] {
  return rows.map(({ before, after }) => ({ table, op, before, after }));
}
