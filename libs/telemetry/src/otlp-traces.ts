/**
 * Traces by OpenTelemetry's SDK and its OTLP/HTTP exporter. Loaded only where traces are on: see traces.ts. Failures are logged and cost
 * spans, nothing else.
 */
import { createHash } from 'node:crypto';
import { ROOT_CONTEXT, SpanKind, trace, TraceFlags } from '@opentelemetry/api';
import type { Context, Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, resourceAttributesEnvDetector, resourceFromAttributes, serviceNameEnvDetector } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, RandomIdGenerator, TracerProvider } from '@opentelemetry/sdk-trace';
import type { IdGenerator, ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from './logger.js';
import type { Span, Traces } from './traces.js';

export interface OtlpOptions {
  readonly app: string;
  /** Part of the transactions that is followed, 0 to 1. */
  readonly ratio: number;
  readonly logger: Logger;
}

/** How long the last spans may take at the end of the process. */
const closeMs = 3_000;
const whole = 2 ** 32;

export class OtlpTraces implements Traces {
  readonly #below: number;
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;
  readonly #ids = new GivenIds();

  constructor({ app, ratio, logger }: OtlpOptions) {
    this.#below = ratio * whole;
    // The variables come last: who names the service otherwise means it.
    const named = detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] });
    const resource = resourceFromAttributes({ 'service.name': `lutra-${app}` }).merge(named);
    const exporter = loggedExporter(new OTLPTraceExporter({ timeoutMillis: closeMs }), logger);
    this.#provider = new TracerProvider({
      resource,
      idGenerator: this.#ids,
      // What is followed was decided before: the SDK's own ratio could not know it without a hash per transaction.
      sampler: new AlwaysOnSampler(),
      spanProcessors: [new BatchSpanProcessor({ exporter })],
    });
    this.#tracer = this.#provider.getTracer('lutra');
  }

  /** An odd factor spreads any regular sequence of seqs over the whole range. */
  follows(seq: number): boolean {
    return Math.imul(seq, 0x9e37_79b1) >>> 0 < this.#below;
  }

  published(span: Span): void {
    const { traceId, spanId } = idsOf(span);
    this.#ids.next = { traceId, spanId };
    this.#record('publish', span, { kind: SpanKind.PRODUCER, of: 'lutra.endpoint', parent: ROOT_CONTEXT });
  }

  /** A child of the span that capture made, or would have made. */
  applied(span: Span): void {
    const parent = trace.setSpanContext(ROOT_CONTEXT, { ...idsOf(span), traceFlags: TraceFlags.SAMPLED, isRemote: true });
    this.#record('apply', span, { kind: SpanKind.CONSUMER, of: 'lutra.pipeline', parent });
  }

  async close(): Promise<void> {
    await this.#provider.shutdown().catch(() => undefined); // the exporter has said why
  }

  #record(what: string, span: Span, { kind, of, parent }: { kind: SpanKind; of: string; parent: Context }): void {
    const { firstSeq, lastSeq, rows, transactions } = span.with;
    const attributes = {
      [of]: span.name,
      'lutra.log': span.log,
      'lutra.seq': span.seq,
      'lutra.seq.first': firstSeq,
      'lutra.seq.last': lastSeq,
      'lutra.rows': rows,
      'lutra.transactions': transactions,
      ...(span.gtid !== null && { 'lutra.gtid.last': span.gtid }),
    };
    // As dates: a number from before this process began is taken for one of performance.now().
    const startTime = new Date(Math.min(span.startMs, span.endMs));
    this.#tracer.startSpan(`${what} ${span.name}`, { kind, attributes, startTime }, parent).end(new Date(span.endMs));
  }
}

/** Gives out the ids that it is told, each once, else random ones. */
class GivenIds implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  next: { readonly traceId: string; readonly spanId: string } | null = null;

  /** Asked for first. */
  generateSpanId(): string {
    return this.next?.spanId ?? this.#random.generateSpanId();
  }

  generateTraceId(): string {
    const { traceId } = this.next ?? { traceId: this.#random.generateTraceId() };
    this.next = null;
    return traceId;
  }
}

function idsOf({ log, seq }: Pick<Span, 'log' | 'seq'>): { traceId: string; spanId: string } {
  const hash = createHash('sha256').update(`${log}:${seq}`).digest('hex');
  return { traceId: hash.slice(0, 32), spanId: hash.slice(32, 48) };
}

/** Says once that spans are lost, and once that they arrive again. */
function loggedExporter(exporter: OTLPTraceExporter, logger: Logger): SpanExporter {
  let failing = false;
  return {
    export: (spans: ReadableSpan[], done) =>
      exporter.export(spans, (result) => {
        const failed = result.error !== undefined;
        if (failed && !failing) logger.warn({ err: result.error }, 'traces do not reach their collector');
        if (!failed && failing) logger.info('traces reach their collector again');
        failing = failed;
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush(),
  };
}
