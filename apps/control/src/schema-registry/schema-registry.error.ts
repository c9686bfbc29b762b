/** Confluent's error codes: the HTTP status and two digits. Clients decide by them. */
import { HttpException } from '@nestjs/common';

export const schemaRegistryType = 'application/vnd.schemaregistry.v1+json';

const codes = {
  subjectNotFound: 40401,
  versionNotFound: 40402,
  schemaNotFound: 40403,
  invalidSchema: 42201,
  invalidVersion: 42202,
} as const;

export class SchemaRegistryError extends HttpException {
  /** As in the body's `error_code`. */
  readonly confluentCode: number;

  constructor(kind: keyof typeof codes, message: string) {
    super(message, Math.floor(codes[kind] / 100));
    this.confluentCode = codes[kind];
  }
}
