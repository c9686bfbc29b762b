/** The two ways in which a request fails: control answers that it cannot be, or nothing answers. */

/** What is wrong with one field of what was sent. */
export interface FieldError {
  /** JSON pointer into the body. */
  readonly pointer: string;
  readonly detail: string;
}

/** The body of a refusal; RFC 9457 calls the message `detail`. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly help: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly errors: readonly FieldError[];
}

/** Control answered with an error. */
export class ApiError extends Error implements Refusal {
  override readonly name = 'ApiError';
  readonly code: string;
  readonly help: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly errors: readonly FieldError[];

  constructor(
    /** Of HTTP. */
    readonly status: number,
    { code, message, help, details, errors }: Refusal,
  ) {
    super(message);
    this.code = code;
    this.help = help;
    this.details = details;
    this.errors = errors;
  }
}

/** Nobody answered, or not control. */
export class UnansweredError extends Error {
  override readonly name = 'UnansweredError';

  constructor(
    readonly kind: 'unreachable' | 'timeout' | 'not-lutra',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** @param body As it came: what is no error of control's (a proxy's page) has no code. */
export function refusalOf(status: number, body: unknown): Refusal {
  const fields = typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
  const text = (name: string): string | undefined => (typeof fields[name] === 'string' ? fields[name] : undefined);
  const details = fields['details'];
  return {
    code: text('code') ?? 'HTTP_ERROR',
    message: text('message') ?? text('detail') ?? text('title') ?? `HTTP status ${status}`,
    help: text('help') ?? '',
    details: typeof details === 'object' && details !== null ? (details as Readonly<Record<string, unknown>>) : {},
    errors: Array.isArray(fields['errors']) ? (fields['errors'] as readonly FieldError[]) : [],
  };
}
