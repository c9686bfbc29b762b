/**
 * The one place where errors of the broker and of the client become SyncErrors: by protocol error id or client error code, never by
 * message text. What is not known to be for good counts as "for now": a retry is safe everywhere, a stop needs an operator.
 */
import { protocolErrorsCodesById } from '@platformatic/kafka';
import { SyncError, tlsFault, tlsTexts, toSyncError } from '@lutra/model';
import type { ErrorCode, ErrorDetails, TlsFault } from '@lutra/model';
import { aclFor, saslText } from './denials.js';

/** https://kafka.apache.org/protocol#protocol_error_codes */
const byProtocolError: Readonly<Record<string, ErrorCode>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'TOPIC_MISSING',
  UNKNOWN_TOPIC_ID: 'TOPIC_MISSING',
  INCONSISTENT_TOPIC_ID: 'TOPIC_MISSING',
  MESSAGE_TOO_LARGE: 'RECORD_TOO_LARGE',
  RECORD_LIST_TOO_LARGE: 'RECORD_TOO_LARGE',
  TOPIC_AUTHORIZATION_FAILED: 'KAFKA_DENIED',
  GROUP_AUTHORIZATION_FAILED: 'KAFKA_DENIED',
  CLUSTER_AUTHORIZATION_FAILED: 'KAFKA_DENIED',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'KAFKA_DENIED',
  SASL_AUTHENTICATION_FAILED: 'KAFKA_DENIED',
  UNSUPPORTED_SASL_MECHANISM: 'KAFKA_DENIED',
  ILLEGAL_SASL_STATE: 'KAFKA_DENIED',
  SECURITY_DISABLED: 'KAFKA_REFUSED',
  UNSUPPORTED_VERSION: 'KAFKA_REFUSED',
  UNSUPPORTED_COMPRESSION_TYPE: 'KAFKA_REFUSED',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'KAFKA_REFUSED',
  INVALID_TOPIC_EXCEPTION: 'KAFKA_REFUSED',
  INVALID_CONFIG: 'KAFKA_REFUSED',
  INVALID_PARTITIONS: 'KAFKA_REFUSED',
  INVALID_REQUEST: 'KAFKA_REFUSED',
  INVALID_REQUIRED_ACKS: 'KAFKA_REFUSED',
  INVALID_RECORD: 'KAFKA_REFUSED',
  INVALID_TIMESTAMP: 'KAFKA_REFUSED',
  INVALID_GROUP_ID: 'KAFKA_REFUSED',
  UNKNOWN_MEMBER_ID: 'KAFKA_REFUSED', // the group that is to show our offset has members of its own
  ILLEGAL_GENERATION: 'KAFKA_REFUSED',
  TOPIC_DELETION_DISABLED: 'KAFKA_REFUSED', // delete.topic.enable=false
  POLICY_VIOLATION: 'KAFKA_REFUSED',
};

const byClientError: Readonly<Record<string, ErrorCode>> = {
  PLT_KFK_NETWORK: 'KAFKA_UNAVAILABLE', // time-outs too
  PLT_KFK_UNEXPECTED_CORRELATION_ID: 'KAFKA_UNAVAILABLE',
  PLT_KFK_AUTHENTICATION: 'KAFKA_DENIED', // a broker that does not know the password itself, with SCRAM
  PLT_KFK_UNSUPPORTED_API: 'KAFKA_REFUSED',
  PLT_KFK_UNSUPPORTED_COMPRESSION: 'KAFKA_REFUSED',
  PLT_KFK_UNSUPPORTED: 'KAFKA_REFUSED',
  PLT_KFK_USER: 'KAFKA_REFUSED', // in the calls made here: a broker that speaks TLS to a client that does not
};

interface Coded {
  readonly code?: unknown;
  readonly apiId?: unknown;
  readonly serverErrorMessage?: unknown;
  readonly errors?: unknown;
  readonly cause?: unknown;
}

/** The protocol error ids in an error of the client, outermost first. */
export function protocolErrors(error: unknown): string[] {
  if (typeof error !== 'object' || error === null) return [];
  const { apiId, errors, cause } = error as Coded;
  const own = typeof apiId === 'string' ? [apiId] : [];
  const nested = Array.isArray(errors) ? errors.flatMap(protocolErrors) : [];
  return [...own, ...nested, ...protocolErrors(cause)];
}

/** The id of an error code in a response; undefined where there is no error. */
export function protocolErrorId(code: number): string | undefined {
  return code === 0 ? undefined : (protocolErrorsCodesById[code] ?? `protocol error ${code}`);
}

interface Facts {
  readonly cause?: unknown;
  readonly details?: ErrorDetails;
  /** Key of the request that failed. */
  readonly api?: number | undefined;
}

/**
 * Any error of a call to Kafka as a SyncError. `refused.kafka` is the protocol error id, where there is one.
 * @param what the call, for the message: "publish to lutra.a.rows/0"
 */
export function kafkaError(error: unknown, what: string, { details = {}, api }: Facts = {}): SyncError {
  if (error instanceof SyncError) return error;
  const [id] = protocolErrors(error);
  if (id !== undefined) return protocolError(id, what, { cause: error, details, api });
  const code = clientErrorCode(error);
  if (code === undefined) return toSyncError(error);
  const fault = faultOf(error);
  if (fault)
    return new SyncError(code, `${what}: ${tlsTexts[fault].what}. ${tlsTexts[fault].help}`, {
      cause: error,
      details: { ...details, tls: fault },
    });
  return new SyncError(code, `${what}: ${reasons(error).join(': ')}`, { cause: error, details });
}

/** Where it is known what was wanted: a denial that a connection reports says only who denied it. */
export function kafkaFailure(error: unknown, what: string, details: ErrorDetails = {}): SyncError {
  const known = kafkaError(error, what, { details });
  if (known.code !== 'KAFKA_DENIED' || known.message.startsWith(what)) return known;
  return known.again(`${what}: ${known.message}`, { details });
}

/** The error for a protocol error id that was found in a response. */
export function protocolError(id: string, what: string, { cause, details, api }: Facts = {}): SyncError {
  const said = serverMessage(cause);
  const wanted = aclFor(id, api) ?? saslText(id);
  const message = `${what}: ${id}${said ? ` (${said})` : ''}${wanted ? `. ${wanted}` : ''}`;
  const facts = { details: { ...details, kafka: id }, refused: { kafka: id } };
  return new SyncError(byProtocolError[id] ?? 'KAFKA_UNAVAILABLE', message, { cause, ...facts });
}

function clientErrorCode(error: unknown): ErrorCode | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, cause, errors } = error as Coded;
  if (typeof code !== 'string') return undefined;
  if (Array.isArray(errors)) return errors.map(clientErrorCode).find((nested) => nested !== undefined);
  // A network error names its reason in the cause: a certificate will not get better by itself, nor a wrong password; all else may.
  if (faultOf({ code, cause })) return 'KAFKA_REFUSED';
  return code === 'PLT_KFK_NETWORK' && isDenial(cause) ? 'KAFKA_DENIED' : byClientError[code];
}

/** An exchange that the client gave up by itself, and not because the connection was lost. */
function isDenial(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, cause } = error as Coded;
  if (code !== 'PLT_KFK_AUTHENTICATION') return false;
  return cause === undefined || isDenial(cause);
}

export function isTlsFault(error: unknown): boolean {
  return faultOf(error) !== null;
}

/** Of the error or of what caused it. */
function faultOf(error: unknown): TlsFault | null {
  if (typeof error !== 'object' || error === null) return null;
  const { code, cause } = error as Coded;
  return (typeof code === 'string' ? tlsFault({ code, message: '' }) : null) ?? faultOf(cause);
}

function serverMessage(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { serverErrorMessage, errors, cause } = error as Coded;
  if (typeof serverErrorMessage === 'string') return serverErrorMessage;
  const nested = Array.isArray(errors) ? errors.map(serverMessage).find((text) => text !== undefined) : undefined;
  return nested ?? serverMessage(cause);
}

function reasons(error: unknown): string[] {
  return error instanceof Error ? [error.message, ...reasons(error.cause)] : [];
}
