/**
 * A pipeline that an operator must help: the error says which transaction and which row, and one call goes past it without losing its
 * content.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { withAdministrator } from '../harness/index.js';
import type { Stack } from '../harness/index.js';
import { keptStackBothWays, leaveStack } from '../accidents/kept-stack.js';
import { openShopOn } from './shop-stack.js';

interface Position {
  readonly checkpoint: { readonly seq: number; readonly nextOffset: number };
  readonly topic: { readonly end: number };
  readonly skip: { readonly seq: number } | null;
}

describe('a row that is not at the target what it was at the source', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await keptStackBothWays();
    await openShopOn(stack);
  }, 240_000);
  afterAll(leaveStack);

  const call = async (method: string, path: string, body?: object): Promise<{ status: number; body: unknown }> => {
    const headers = { Authorization: `Bearer ${stack.token}`, 'Content-Type': 'application/json' };
    const response = await fetch(`${stack.control.url}/api/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    return { status: response.status, body: await response.json() };
  };
  const path = (): string => `/channels/${stack.channel}/pipelines/${stack.regions.a}-${stack.regions.b}`;
  const loaderError = async () => (await stack.api.channelStatus(stack.channel)).pipelines[0]?.target.worker?.lastError;

  it('stops the pipeline by name, and can be skipped with a trace', { timeout: 120_000 }, async () => {
    onTestFailed(async () => console.error(await stack.report()));
    const onA = (sql: string) => withAdministrator(stack.mysql.a, (connection) => connection.query(sql));
    const onB = (sql: string) => withAdministrator(stack.mysql.b, (connection) => connection.query(sql));
    await onA(`INSERT INTO shop.counters VALUES ('first', 1), ('second', 1)`);
    await stack.drain();
    await onB(`SET SESSION sql_log_bin = 0; DELETE FROM shop.counters WHERE name = 'second'`);
    // The good transactions around the bad one arrive with it in one batch.
    await onA(
      `UPDATE shop.counters SET n = 2 WHERE name = 'first'; UPDATE shop.counters SET n = 2 WHERE name = 'second'; UPDATE shop.counters SET n = 3 WHERE name = 'first'`,
    );

    await expect.poll(async () => (await loaderError())?.code, { timeout: 30_000 }).toBe('ROW_CONFLICT');
    const error = await loaderError();
    expect(error?.message).toMatch(/shop\.counters.*name=second.*seq \d+/);
    expect(error?.help).toMatch(/compare the row/i);
    const counters = async () => (await onB(`SELECT name, n FROM shop.counters ORDER BY name`))[0];
    expect(await counters(), 'the transaction before the bad one took effect, nothing behind it').toEqual([{ name: 'first', n: '2' }]);
    const seq = Number(error?.details['seq']);

    expect(await call('POST', `${path()}/skip`, { seq: seq + 1, reason: 'wrong number' })).toMatchObject({
      status: 400,
      body: { code: 'CONFIG_INVALID' },
    });
    expect(await call('POST', `${path()}/skip`, { seq, reason: 'deleted on purpose' })).toMatchObject({
      status: 200,
      body: { skip: { seq } },
    });
    await stack.drain();
    expect(await counters()).toEqual([{ name: 'first', n: '3' }]);
    const [skipped] = await onB(`SELECT seq, reason, content FROM lutra.skipped`);
    expect(skipped).toMatchObject([{ seq: String(seq), reason: 'deleted on purpose' }]);
    expect(JSON.parse((skipped as { content: string }[])[0]?.content ?? '')).toMatchObject([
      { op: 'u', table: 'shop.counters', before: { name: 'second', n: '1' }, after: { n: '2' } },
    ]);

    const { status, body } = await call('GET', `${path()}/position`);
    const position = body as Position;
    expect(status).toBe(200);
    expect(position.skip).toBeNull();
    expect(position.checkpoint.seq).toBeGreaterThan(seq);
    expect(position.topic.end).toBeGreaterThanOrEqual(position.checkpoint.nextOffset);
  });

  it('of no pipeline is told apart', async () => {
    expect(await call('GET', `/channels/${stack.channel}/pipelines/nowhere/position`)).toMatchObject({
      status: 404,
      body: { code: 'CONFIG_MISSING' },
    });
    expect(await call('POST', `${path()}/skip`, { seq: 1, reason: 'nothing failed' })).toMatchObject({ status: 400 });
  });
});
