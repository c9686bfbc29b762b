/** The table that is written, and rows for it: the same id makes the same row. */
import { sides, type Stack, withAdministrator } from '../harness/index.js';

export const tableName = 'entries';

const table = `CREATE TABLE ${tableName} (
  id         BIGINT NOT NULL PRIMARY KEY,
  customer   INT NOT NULL,
  name       VARCHAR(60) NOT NULL,
  amount     DECIMAL(12,2) NOT NULL,
  note       VARCHAR(200) NULL,
  changed_at DATETIME(3) NOT NULL,
  details    JSON NOT NULL,
  KEY (customer)
) ENGINE = InnoDB CHARACTER SET utf8mb4`;

/** On both sides, before a channel starts: DDL is not replicated. */
export async function createEntries(stack: Stack, databases: readonly string[], { textKey }: { readonly textKey: boolean }): Promise<void> {
  const keyed = textKey ? `; ALTER TABLE ${tableName} ADD UNIQUE KEY (name)` : '';
  for (const side of sides) {
    await withAdministrator(stack.mysql[side], async (connection) => {
      for (const database of databases) await connection.query(`CREATE DATABASE ${database}; USE ${database}; ${table}${keyed}`);
    });
  }
}

export function entry(id: number): unknown[] {
  const mixed = Math.imul(id, 0x9e3779b1) >>> 0; // neighbours in id are far apart in customer
  const time = new Date(Date.UTC(2026, 0, 1) + id * 137).toISOString().replace('T', ' ').replace('Z', '');
  const details = {
    status: statuses[mixed % statuses.length],
    lines: 1 + (mixed % 9),
    discount: (mixed % 100) / 100,
    tags: ['web', `c${id % 50}`],
  };
  return [id, mixed % 100_000, `customer ${mixed}`, `${mixed % 100_000}.${10 + (id % 90)}`, note(id), time, JSON.stringify(details)];
}

const statuses = ['new', 'paid', 'sent', 'returned'];

function note(id: number): string | null {
  return id % 10 === 0 ? null : `delivery no. ${id}, please leave it at the neighbour’s door`.slice(0, 20 + (id % 40));
}
