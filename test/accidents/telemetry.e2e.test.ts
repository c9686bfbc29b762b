/**
 * What the running apps say of themselves: metrics over HTTP, traces to a collector; and that a collector that is gone holds nothing up.
 */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AppProcess, type Stack, startStack } from '../harness/index.js';
import { openOneWay, until } from './one-way.js';
import type { OneWay } from './one-way.js';

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

const spans: OtlpSpan[] = [];
let collector: Server;
let stack: Stack;
let way: OneWay;

beforeAll(async () => {
  collector = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      for (const { scopeSpans } of JSON.parse(Buffer.concat(chunks).toString()).resourceSpans)
        for (const scope of scopeSpans) spans.push(...scope.spans);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  stack = await startStack({ environment: { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER_ARG: '1' } });
  way = await openOneWay(stack);
}, 240_000);
afterAll(async () => {
  await stack?.stop();
  collector?.closeAllConnections();
  collector?.close();
});

const attribute = (span: OtlpSpan | undefined, key: string): string | undefined => {
  const value = span?.attributes.find((attribute) => attribute.key === key)?.value;
  return value && String(Object.values(value)[0]);
};

/** The value of a series; undefined while there is none. */
async function series(app: AppProcess, name: string, ...labels: readonly string[]): Promise<number | undefined> {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  const line = text.split('\n').find((line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

it("capture's span and the loader's span of a transaction are in one trace", async () => {
  await way.write(1, 2);
  await way.arrives();
  const found = await until(async () => {
    const applied = spans.find(({ name }) => name === `apply ${way.pipeline}`);
    const published = spans.find(({ spanId }) => applied !== undefined && spanId === applied.parentSpanId);
    return applied && published ? { applied, published } : undefined;
  });
  expect(found?.published.name).toBe(`publish ${way.endpoints.source}`);
  expect(found?.applied.traceId).toBe(found?.published.traceId);
  expect(attribute(found?.applied, 'lutra.rows')).toBe('2');
  const [executed] = await way.atSource('SELECT @@GLOBAL.server_uuid AS uuid');
  expect(attribute(found?.published, 'lutra.gtid.last')).toMatch(new RegExp(`^${String(executed?.['uuid'])}:\\d+$`));
});

it('the metrics say who is connected, where it stands, what was left out and how long each hop took', async () => {
  await way.atSource('UPDATE lutra_probe.probes SET n = n + 1');
  await way.write(3);
  await way.arrives();
  const capture = stack.capture[way.from];
  const loader = stack.loader[way.to];
  const source = `name="${way.endpoints.source}"`;
  const pipeline = `name="${way.pipeline}"`;
  for (const to of ['source', 'kafka']) expect(await series(capture, 'lutra_connected', source, `to="${to}"`), to).toBe(1);
  for (const to of ['kafka', 'target']) expect(await series(loader, 'lutra_connected', pipeline, `to="${to}"`), to).toBe(1);
  for (const app of stack.apps.filter((app) => app !== stack.control))
    expect(await series(app, 'lutra_connected', 'name=""', 'to="zookeeper"')).toBe(1);
  expect(await series(capture, 'lutra_filtered_events_total', source)).toBeGreaterThanOrEqual(1);
  expect(await series(capture, 'lutra_filtered_transactions_total', source)).toBeGreaterThanOrEqual(1);
  expect(await series(capture, 'lutra_hop_seconds_count', source, 'hop="publish"')).toBeGreaterThanOrEqual(1);
  for (const hop of ['read', 'apply', 'end_to_end'])
    expect(await series(loader, 'lutra_hop_seconds_count', pipeline, `hop="${hop}"`), hop).toBeGreaterThanOrEqual(1);
  // What a status implies is set at most once a second.
  const position = await until(() => series(capture, 'lutra_binlog_position_bytes', source));
  expect(position).toBeGreaterThan(0);
  expect(await series(capture, 'lutra_binlog_file_number', source)).toBeGreaterThanOrEqual(1);
  const [written, applied] = [
    await series(capture, 'lutra_last_event_timestamp_seconds', source),
    () => series(loader, 'lutra_last_event_timestamp_seconds', pipeline),
  ];
  expect(await until(async () => ((await applied()) === written ? true : undefined))).toBe(true);
  expect(await series(loader, 'lutra_queue_capacity_bytes', pipeline)).toBeGreaterThan(0);
});

it('a target that is lost is told as a connection that is missing, and a collector that is gone holds nothing up', async () => {
  collector.closeAllConnections();
  collector.close();
  const loader = stack.loader[way.to];
  const target = () => series(loader, 'lutra_connected', `name="${way.pipeline}"`, 'to="target"');
  await stack.mysql[way.to].kill();
  await way.write(4);
  expect(await until(async () => ((await target()) === 0 ? true : undefined))).toBe(true);
  await stack.mysql[way.to].restart();
  await way.arrives();
  expect(await until(async () => ((await target()) === 1 ? true : undefined))).toBe(true);
});
