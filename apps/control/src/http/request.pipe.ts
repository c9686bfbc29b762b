/** Holds what a request brings against its schema, and says of each fault where it is: a JSON pointer into the body, or a parameter. */
import { StandardSchemaValidationPipe } from '@nestjs/common';
import type { ArgumentMetadata } from '@nestjs/common';
import { SyncError } from '@lutra/model';
import type { FieldError } from './schemas.js';

type Options = NonNullable<ConstructorParameters<typeof StandardSchemaValidationPipe>[0]>;
type Issue = Parameters<NonNullable<Options['exceptionFactory']>>[0][number];

/** A body of 256 KB can have a hundred thousand faults. */
const mostTold = 50;

/** Code CONFIG_INVALID, with each field that is at fault. */
export class InvalidRequestError extends SyncError {
  readonly errors: readonly FieldError[];

  constructor(message: string, errors: readonly FieldError[]) {
    super('CONFIG_INVALID', message);
    this.errors = errors;
  }
}

class Issues extends Error {
  constructor(readonly issues: readonly Issue[]) {
    super('issues');
  }
}

export class RequestPipe extends StandardSchemaValidationPipe {
  constructor() {
    super({ exceptionFactory: (issues) => new Issues(issues) });
  }

  /** @throws InvalidRequestError */
  override async transform<T>(value: T, metadata: ArgumentMetadata): Promise<T> {
    try {
      return await super.transform(value, metadata);
    } catch (error) {
      throw error instanceof Issues ? invalid(error.issues, metadata) : error;
    }
  }
}

function invalid(issues: readonly Issue[], { type, data }: ArgumentMetadata): InvalidRequestError {
  const told = issues.slice(0, mostTold).map((issue) => ({ segments: segmentsOf(issue), detail: issue.message }));
  const texts = told.map(({ segments, detail }) => `${segments.join('.') || data || 'request'}: ${detail}`);
  const more = issues.length > mostTold ? [`and ${issues.length - mostTold} more`] : [];
  const errors = told.map(({ segments, detail }) =>
    type === 'body' ? { pointer: pointerOf(segments), detail } : { parameter: data ?? segments[0] ?? type, detail },
  );
  return new InvalidRequestError([...texts, ...more].join('; '), errors);
}

function segmentsOf({ path = [] }: Issue): readonly string[] {
  return path.map((segment) => String(typeof segment === 'object' ? segment.key : segment));
}

/** As a fragment of a URI (RFC 6901, section 6). */
export function pointerOf(segments: readonly string[]): string {
  const escaped = segments.map((segment) => encodeURIComponent(segment.toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')));
  return `#${escaped.map((segment) => `/${segment}`).join('')}`;
}
