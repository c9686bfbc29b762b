/** How the empty side gets the shop, and what the product itself says of both sides at the end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import { type ChannelOptions, shopDatabase, type Side, type Stack, withAdministrator } from '../harness/index.js';

const boundMs = 120_000;
const accounts = 40;

/** Home decides, but about the table without a key, where nobody can. */
export function rulesOf(home: string): NonNullable<ChannelOptions['conflicts']> {
  const rules = [
    { schema: shopDatabase, table: 'events_nokey', policy: 'stop' },
    { schema: '*', policy: 'home' },
  ] as const;
  return { home, rules: [...rules] };
}

/** Until the side has the accounts and a table of pictures, which its applications need. */
export async function accountsAt(stack: Stack, side: Side): Promise<void> {
  for (const deadline = Date.now() + boundMs; Date.now() < deadline; await sleep(100)) {
    const there = await withAdministrator(stack.mysql[side], async (connection) => {
      const [[row]] = await connection.query<RowDataPacket[]>(
        `SELECT COUNT(*) AS n, (SELECT COUNT(*) FROM ${shopDatabase}.pictures) AS pictures FROM ${shopDatabase}.accounts`,
      );
      return Number(row?.['n']);
    }).catch(() => 0); // the table is not there yet
    if (there === accounts) return;
  }
  throw new Error(`side ${side} has no accounts after ${boundMs / 1000} s.\n${await stack.report()}`);
}

interface Verification {
  readonly order: object | null;
  readonly result: {
    readonly endedAt: number | null;
    readonly tables: readonly { readonly table: string; readonly verdict: string | null; readonly text: string }[];
  } | null;
}

/** Well: each table is equal, but for the one that has no key to compare it by. */
export async function verifyShop({ api, channel }: Stack): Promise<{ readonly good: boolean; readonly lines: readonly string[] }> {
  const path = `/api/v1/channels/${channel}/verify`;
  for (const deadline = Date.now() + boundMs; Date.now() < deadline; await sleep(200)) {
    const { order, result } = await api.request<Verification>('GET', path);
    if (order === null || (result && result.endedAt !== null)) break; // the one that follows the seed
  }
  await api.request('POST', path, { tables: [`${shopDatabase}.*`], share: 1 });
  for (const deadline = Date.now() + boundMs; Date.now() < deadline; await sleep(200)) {
    const { result } = await api.request<Verification>('GET', path);
    if (!result || result.endedAt === null) continue;
    const { tables } = result;
    const good = tables.length > 0 && tables.every(({ table, verdict }) => verdict === (table === 'events_nokey' ? 'refused' : 'equal'));
    return { good, lines: [`verified by the product: ${good ? 'well' : 'NOT WELL'}`, ...tables.map(({ text }) => `  ${text}`)] };
  }
  return { good: false, lines: [`NOT VERIFIED after ${boundMs / 1000} s`] };
}
