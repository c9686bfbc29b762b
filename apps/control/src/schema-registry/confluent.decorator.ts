/** What every operation of Confluent's API has: its content type, and an entry in our OpenAPI document. */
import { Header, applyDecorators } from '@nestjs/common';
import { ApiForeign } from '../http/openapi.js';
import { schemaRegistryType } from './schema-registry.error.js';

export function Confluent(summary: string): MethodDecorator {
  return applyDecorators(Header('Content-Type', schemaRegistryType), ApiForeign(summary));
}
