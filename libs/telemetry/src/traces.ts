/**
 * Traces of some of the transactions, over OTLP/HTTP. Off unless the environment names a collector; then nothing of OpenTelemetry is
 * loaded.
 *
 * A transaction's trace is known to everybody who knows its last record: the trace id is a hash of log id and seq, and whether it is
 * followed is decided by its seq. So capture's span and the loaders' spans of one transaction meet in one trace, without a byte on the
 * wire.
 */
import { toSyncError } from '@lutra/model';
import type { Logger } from './logger.js';

/** A piece of a followed transaction's way: the request that published its last record, or the target transaction that applied it. */
export interface Span {
  /** Endpoint (capture) or pipeline id (loader). */
  readonly name: string;
  /** Log id and seq of the transaction's last record. */
  readonly log: string;
  readonly seq: number;
  /** ms since 1970 */
  readonly startMs: number;
  readonly endMs: number;
  /** What else went with it, the transaction included: first and last seq, rows, transactions. */
  readonly with: { readonly firstSeq: number; readonly lastSeq: number; readonly rows: number; readonly transactions: number };
  /** Of the last transaction in it. */
  readonly gtid: string | null;
}

export interface Traces {
  /** Whether the transaction that ends with this record is followed: in every process with the same ratio the same answer. Cheap. */
  follows(seq: number): boolean;
  published(span: Span): void;
  applied(span: Span): void;
  /** Sends what is left, for a few seconds at most. Never throws. */
  close(): Promise<void>;
}

const defaultRatio = 0.001;

/**
 * null: off. OTEL_EXPORTER_OTLP_ENDPOINT (or …_TRACES_ENDPOINT) turns them on, OTEL_TRACES_SAMPLER_ARG is the part of the transactions that
 * is followed, OTEL_SDK_DISABLED=true turns them off again; the exporter and the resource read the other OTEL_* variables.
 */
export async function openTraces(app: string, logger: Logger, env: NodeJS.ProcessEnv = process.env): Promise<Traces | null> {
  const endpoint = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '';
  if (endpoint === '' || env['OTEL_SDK_DISABLED'] === 'true') return null;
  try {
    const { OtlpTraces } = await import('./otlp-traces.js');
    const ratio = ratioOf(env['OTEL_TRACES_SAMPLER_ARG']);
    logger.info({ ratio }, 'traces are on');
    return new OtlpTraces({ app, ratio, logger });
  } catch (thrown) {
    // Rows must flow also where the collector's address is mistyped.
    logger.error({ err: toSyncError(thrown) }, 'traces are off: they cannot be set up');
    return null;
  }
}

function ratioOf(text: string | undefined): number {
  const ratio = text === undefined || text === '' ? defaultRatio : Number(text);
  return ratio >= 0 && ratio <= 1 ? ratio : defaultRatio;
}
