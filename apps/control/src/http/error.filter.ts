/**
 * Every failure as one body: RFC 9457 with code, message, help and details; as {error_code, message} where Confluent's clients read it.
 * What we do not know is logged with its stack and answered without any of it.
 */
import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { Catch, HttpException, NotFoundException } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { SyncError, errorTable } from '@lutra/model';
import type { ErrorCode } from '@lutra/model';
import type { Logger } from '@lutra/telemetry';
import { errorsOf, RefusedError } from '../configuration/problem.js';
import { PlanError } from '../plan/plan-error.js';
import { isSchemaRegistry } from '../schema-registry/paths.js';
import { SchemaRegistryError, schemaRegistryType } from '../schema-registry/schema-registry.error.js';
import { allowedMethods } from './allowed-methods.js';
import type { Routes } from './allowed-methods.js';
import { InvalidRequestError } from './request.pipe.js';
import type { ErrorBody, FieldError } from './schemas.js';
import type { Response } from './versions.js';

/** What can be wrong with a request itself, whatever it is about; the codes beside those of @lutra/model's table. */
export const requestErrors = {
  BAD_REQUEST: { status: 400, help: 'The request cannot be read. Send JSON with Content-Type: application/json.' },
  UNAUTHORIZED: { status: 401, help: 'Log in (POST /api/v1/auth/login), or send an API token: Authorization: Bearer <token>.' },
  FORBIDDEN: {
    status: 403,
    help: 'A page of another site sent it, or Host or Origin are none of control. LUTRA_PUBLIC_URL says where people find control; without a login it answers this machine alone. A login by a provider needs a group that is granted something.',
  },
  NOT_FOUND: { status: 404, help: 'There is no such path. GET /api/docs lists them.' },
  METHOD_NOT_ALLOWED: { status: 405, help: 'The path has other methods: the header Allow, and GET /api/docs, list them.' },
  BODY_TOO_LARGE: { status: 413, help: 'A body may have 256 KB, one of /api/v1/plan and /apply 12 MB, one of /api/v1/restore 64 MB.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, help: 'Send JSON in UTF-8.' },
  PRECONDITION_REQUIRED: { status: 428, help: 'Send If-Match with the ETag that GET gave, so that nobody overwrites unread changes.' },
  TOO_MANY_REQUESTS: {
    status: 429,
    help: 'Many wrong tokens or passwords came from your address, or many logins are checked at once. Wait as Retry-After says; a right token is taken at once.',
  },
} as const;

const statuses: Partial<Record<ErrorCode, number>> = {
  CONFIG_INVALID: 400,
  CONFIG_MISSING: 404,
  CONFIG_CONFLICT: 409,
  CONFIG_REGRESSED: 409,
  NOT_ALLOWED: 403,
  PLAN_OUTDATED: 409,
  PLAN_UNCONFIRMED: 409,
  PLAN_TOO_LARGE: 413,
  // What a rewind asks for is not there any more, or cannot be applied again.
  LOG_START_LOST: 409,
  APPLY_REFUSED: 409,
  ZOOKEEPER_UNAVAILABLE: 503,
  LEVEL_TOO_NEW: 503,
  LEVEL_TOO_OLD: 503,
  ABORTED: 503,
  INTERNAL: 500,
  SECRET_UNREADABLE: 500,
  SECRET_MISSING: 500,
};

type Told = Pick<ErrorBody, 'code' | 'message' | 'help' | 'details'>;

interface Failure {
  readonly status: number;
  readonly body: Told;
  readonly errors?: readonly FieldError[];
}

@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly routes: () => Routes,
    /** Takes names out of what is said that whoever asks may not see. */
    private readonly shownTo: (request: IncomingMessage) => <T>(said: T) => T,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<IncomingMessage>();
    const response = host.switchToHttp().getResponse<Response>();
    const error = this.#wrongMethod(thrown, request, response) ?? thrown;
    const failure = this.#shown(describe(error), request);
    const { status } = failure;
    if (status >= 500 && status !== 503) this.logger.error({ err: error, method: request.method, path: pathOf(request) }, 'request failed');
    if (response.headersSent) {
      response.end();
      return;
    }
    if (status === 401) response.setHeader('WWW-Authenticate', challenges);
    if (status === 503) response.setHeader('Retry-After', '1');
    if (refusesSender.has(status) && bringsMuch(request)) response.setHeader('Connection', 'close');
    if (isSchemaRegistry(pathOf(request))) sendConfluent(response, error, failure);
    else send(response, { status, body: problemBody(failure) }, problemType);
  }

  /** These two name what was asked for, whether it is there or not: without it they would tell. */
  #shown(failure: Failure, request: IncomingMessage): Failure {
    const { code } = failure.body;
    return code === 'NOT_ALLOWED' || code === 'CONFIG_MISSING' ? failure : this.shownTo(request)(failure);
  }

  /** Nest knows only that it has no such route. */
  #wrongMethod(thrown: unknown, request: IncomingMessage, response: Response): HttpException | null {
    if (!(thrown instanceof NotFoundException) || !thrown.message.startsWith('Cannot ')) return null;
    const allowed = allowedMethods(this.routes(), pathOf(request));
    if (allowed.length === 0) return null;
    response.setHeader('Allow', allowed.join(', '));
    return new HttpException(`${request.method} is not a method of this path`, 405);
  }
}

const refusesSender = new Set([401, 403, 404, 429]);
/** Node reads what is left of a body, so that the next request can follow it on the connection. */
const mostReadForNothing = 256 * 1024;

function bringsMuch({ complete, headers }: IncomingMessage): boolean {
  return !complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > mostReadForNothing);
}

export const problemType = 'application/problem+json';

/** RFC 9457. */
export function problemBody({ status, body, errors = [] }: Failure): ErrorBody {
  const known: Readonly<Record<string, { readonly cause: string } | undefined>> = errorTable;
  const title = known[body.code]?.cause ?? STATUS_CODES[status] ?? body.code;
  return { type: `/api/v1/errors#${body.code}`, title, status, detail: body.message, ...body, errors: [...errors] };
}

const challenges = ['Bearer realm="lutra"', 'Basic realm="lutra"'];

function send(response: Response, { status, body }: { readonly status: number; readonly body: unknown }, type: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', type);
  response.end(JSON.stringify(body));
}

/** A body that has not its shape is an invalid schema to Confluent's clients. */
function sendConfluent(response: Response, error: unknown, { status, body: { code, message } }: Failure): void {
  const [shown, errorCode] = code === 'CONFIG_INVALID' ? [422, 42201] : [status, status === 401 ? 40101 : status];
  const known = error instanceof SchemaRegistryError ? error.confluentCode : errorCode;
  send(response, { status: shown, body: { error_code: known, message } }, schemaRegistryType);
}

export function pathOf(request: IncomingMessage): string {
  const url = 'originalUrl' in request && typeof request.originalUrl === 'string' ? request.originalUrl : (request.url ?? '/');
  return url.split(/[?#]/, 1)[0] ?? '/';
}

function describe(error: unknown): Failure {
  if (error instanceof SyncError) return ofSyncError(error);
  if (error instanceof HttpException && error.cause instanceof SyncError) return ofSyncError(error.cause); // the body parser passed it on
  if (error instanceof HttpException) return ofHttpException(error);
  return {
    status: 500,
    body: { code: 'INTERNAL', message: 'unexpected error; the log has it', help: errorTable.INTERNAL.help, details: {} },
  };
}

function ofSyncError(error: SyncError): Failure {
  const { code } = error;
  if (code === 'INTERNAL') return describe(null);
  const details = {
    ...error.details,
    ...(error instanceof RefusedError && { problems: error.problems }),
    ...(error instanceof PlanError && { plan: error.plan }),
  };
  const status = statusOf(error);
  return { status, body: { code, message: error.message, help: helpFor(error, status), details }, errors: faultsOf(error) };
}

function faultsOf(error: SyncError): readonly FieldError[] {
  if (error instanceof InvalidRequestError) return error.errors;
  return error instanceof RefusedError ? errorsOf(error.problems).map(({ what }) => ({ detail: what })) : [];
}

/** The table's help for a conflict is about versions; these conflicts are not. */
function helpFor(error: SyncError, status: number): string {
  if (error instanceof RefusedError) return 'details.problems lists what is in the way, each with what fixes it.';
  return status === 409 && error.code !== 'CONFIG_REGRESSED' && !(error instanceof PlanError)
    ? 'It does not fit what is there. The message names what is in the way.'
    : error.help;
}

function statusOf({ code, details }: SyncError): number {
  if (code === 'CONFIG_CONFLICT' && details['expectedVersion'] !== undefined) return 412;
  // A stored document that no longer has its shape: not the fault of this request.
  if (code === 'CONFIG_INVALID' && details['document'] !== undefined) return 500;
  return statuses[code] ?? 502;
}

function ofHttpException(error: HttpException): Failure {
  const status = error.getStatus();
  const known = Object.entries(requestErrors).find(([, entry]) => entry.status === status);
  // A parser's message quotes the body, which may hold a password.
  const message = status === 400 ? 'the request cannot be read: malformed JSON or path' : error.message;
  const [code, help] = known ? [known[0], known[1].help] : [nameOf(status), ''];
  return { status, body: { code, message, help, details: {} } };
}

/** 415 → UNSUPPORTED_MEDIA_TYPE */
function nameOf(status: number): string {
  return (STATUS_CODES[status] ?? 'HTTP_ERROR').toUpperCase().replaceAll(/[^A-Z]+/g, '_');
}
