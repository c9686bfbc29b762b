import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openTraces } from './traces.js';
import type { Span } from './traces.js';

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

const log = 'b7d6a4f0-0000-4000-8000-000000000001';
const start = 1_700_000_000_000;
const span: Span = {
  name: 'mysql-a',
  log,
  seq: 41,
  startMs: start,
  endMs: start + 7,
  with: { firstSeq: 40, lastSeq: 43, rows: 3, transactions: 2 },
  gtid: 'u:5',
};
const silent = pino({ level: 'silent' });

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
  vi.unstubAllEnvs();
});

/** What OTLP/HTTP sends its JSON to. */
async function collector(status = 200): Promise<{ readonly url: string; readonly spans: OtlpSpan[]; readonly services: string[] }> {
  const spans: OtlpSpan[] = [];
  const services: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      for (const resource of JSON.parse(Buffer.concat(chunks).toString()).resourceSpans) {
        services.push(resource.resource.attributes.find(({ key }: { key: string }) => key === 'service.name').value.stringValue);
        for (const scope of resource.scopeSpans) spans.push(...scope.spans);
      }
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, services };
}

/** The exporter reads the environment of the process. */
async function open(app: string, endpoint: string, ratio = '1') {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', endpoint);
  vi.stubEnv('OTEL_TRACES_SAMPLER_ARG', ratio);
  const traces = await openTraces(app, silent);
  if (!traces) throw new Error('traces should be on');
  return traces;
}

describe('traces', () => {
  it("capture's and the loader's span of one transaction meet in one trace, parent and child, and nothing told them", async () => {
    const { url, spans, services } = await collector();
    const capture = await open('capture', url);
    const loader = await open('loader', url);
    loader.applied({ ...span, name: 'ab.there', startMs: start + 8, endMs: start + 20 });
    capture.published(span);
    capture.published({ ...span, seq: 42 });
    await Promise.all([capture.close(), loader.close()]);
    const of = (name: string): OtlpSpan[] => spans.filter((found) => found.name === name);
    const [published, other] = of('publish mysql-a');
    const [applied] = of('apply ab.there');
    expect(applied).toMatchObject({ traceId: published?.traceId, parentSpanId: published?.spanId });
    expect(published).toMatchObject({ startTimeUnixNano: `${start}000000`, endTimeUnixNano: `${start + 7}000000` });
    expect(published?.parentSpanId ?? '').toBe('');
    expect(other?.traceId).not.toBe(published?.traceId);
    expect(services.toSorted()).toEqual(['lutra-capture', 'lutra-loader']);
    expect(Object.fromEntries(published?.attributes.map(({ key, value }) => [key, Object.values(value)[0]]) ?? [])).toEqual({
      'lutra.endpoint': 'mysql-a',
      'lutra.log': log,
      'lutra.seq': 41,
      'lutra.seq.first': 40,
      'lutra.seq.last': 43,
      'lutra.rows': 3,
      'lutra.transactions': 2,
      'lutra.gtid.last': 'u:5',
    });
  });

  it('follow about as many transactions as was asked for, and the same ones everywhere', async () => {
    const [one, two] = [await open('capture', 'http://127.0.0.1:9', '0.01'), await open('loader', 'http://127.0.0.1:9', '0.01')];
    for (const stride of [1, 100]) {
      const seqs = Array.from({ length: 20_000 }, (_, index) => 2 ** 33 + index * stride);
      const followed = seqs.filter((seq) => one.follows(seq));
      expect(followed.length).toBeGreaterThan(150);
      expect(followed.length).toBeLessThan(250);
      expect(seqs.filter((seq) => two.follows(seq))).toEqual(followed);
    }
    const [none, all] = [await open('capture', 'http://127.0.0.1:9', '0'), await open('capture', 'http://127.0.0.1:9', '1')];
    expect([0, 1, 2 ** 32 - 1].map((seq) => [none.follows(seq), all.follows(seq)])).toEqual([
      [false, true],
      [false, true],
      [false, true],
    ]);
    await Promise.all([one, two, none, all].map((traces) => traces.close()));
  });

  it('say once that their collector refuses them, and end all the same', async () => {
    const { url } = await collector(400);
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', url);
    const lines: string[] = [];
    const traces = await openTraces('capture', pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }));
    traces?.published(span);
    await traces?.close();
    expect(lines.filter((line) => line.includes('traces do not reach their collector'))).toHaveLength(1);
  });
});

describe('without a collector', () => {
  it('there are no traces, nor where they are switched off', async () => {
    expect(await openTraces('capture', silent, {})).toBeNull();
    const off = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_SDK_DISABLED: 'true' };
    expect(await openTraces('capture', silent, off)).toBeNull();
  });

  it('nothing of the SDK and the exporter is loaded', async () => {
    const loads = (env: Readonly<Record<string, string>>): Promise<readonly string[]> => loadedPackages(env);
    expect(await loads({})).toEqual([]);
    expect(await loads({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' })).toContain('@opentelemetry/sdk-trace');
  });
});

/** Which packages of OpenTelemetry a process that asks for traces loads; prom-client brings the API by itself. */
async function loadedPackages(env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const script = `
    import { registerHooks } from 'node:module';
    const seen = new Set();
    registerHooks({ resolve(specifier, context, next) { seen.add(specifier); return next(specifier, context); } });
    const { createLogger, openTraces } = await import(${JSON.stringify(new URL('index.ts', import.meta.url).href)});
    const traces = await openTraces('capture', createLogger('test', 'silent'));
    await traces?.close();
    console.log(JSON.stringify([...seen].filter((name) => name.startsWith('@opentelemetry/') && name !== '@opentelemetry/api')));`;
  const { PATH = '', HOME = '' } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    env: { PATH, HOME, ...env },
  });
  return JSON.parse(stdout);
}
