/**
 * The OpenAPI document at /api/docs, made from the zod schemas that also validate: nothing is described twice. It is made when it is first
 * asked for: a start does not wait for it.
 */
import { applyDecorators } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiQuery, ApiResponse, DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { pagePolicy } from '@lutra/host';
import { z } from 'zod';
import { completeAnswers } from './openapi-answers.js';
import { errorBodySchema, schemaNames } from './schemas.js';
import type { Response } from './versions.js';

export const docsPath = 'api/docs';

export function setUpDocs(app: INestApplication, version: string): void {
  app.use(`/${docsPath}`, (_request: unknown, response: Response, next: () => void) => {
    response.setHeader('Content-Security-Policy', pagePolicy);
    next();
  });
  SwaggerModule.setup(docsPath, app, () => documentOf(app, version));
}

function documentOf(app: INestApplication, version: string): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Lutra')
    .setDescription('Regions, endpoints, channels and their status. Writes carry the version that was read: ETag out, If-Match in.')
    .setVersion(version)
    .addBearerAuth()
    .build();
  const document = SwaggerModule.createDocument(app, config, { standardSchemaConverter: convert });
  completeAnswers(document);
  return document;
}

type Conversion = { readonly schema: unknown; readonly components?: Record<string, unknown> };

/** A named schema becomes a component; the input of one (defaults are optional there) is another component than its output. */
function convert(schema: unknown, { schemaType }: { readonly schemaType: 'input' | 'output' }): Conversion | undefined {
  if (!(schema instanceof z.ZodType)) return undefined;
  const { $schema: _, ...json } = z.toJSONSchema(schema, { target: 'openapi-3.0', io: schemaType });
  const name = schemaNames.get(schema);
  if (name === undefined) return { schema: json };
  const component = schemaType === 'input' ? `${name}Input` : name;
  return { schema: { $ref: `#/components/schemas/${component}` }, components: { [component]: json } };
}

type Decorator = MethodDecorator & ClassDecorator;

/** What openapi-answers.ts says about them comes with the status. */
function fails(...statuses: readonly number[]): readonly Decorator[] {
  return statuses.map((status) => ApiResponse({ status, standardSchema: errorBodySchema }));
}

/**
 * Swagger lists parameters only where the compiler left metadata about types. Not all compilers do (esbuild does not), and what is
 * validated by a schema needs none of it: with this the document is the same however the app was compiled.
 */
function listParameters(target: object, key: string | symbol, descriptor: PropertyDescriptor): void {
  const handler: unknown = descriptor.value;
  if (typeof handler !== 'function') return;
  Reflect.defineMetadata(
    'design:paramtypes',
    Array.from({ length: handler.length }, () => String),
    target,
    key,
  );
}

/** An operation that needs the token, with the answers that are its own. */
function api(summary: string, ...more: readonly Decorator[]): Decorator {
  return applyDecorators(listParameters, ApiBearerAuth(), ApiOperation({ summary }), ...fails(503), ...more);
}

const versionHeader = { ETag: { description: 'The version, for If-Match', schema: { type: 'string' as const } } };

/** An operation that the API of someone else describes. */
export function ApiForeign(summary: string): Decorator {
  return applyDecorators(listParameters, ApiBearerAuth(), ApiOperation({ summary }));
}

export function ApiList(summary: string, element: z.ZodType): Decorator {
  return api(summary, ApiResponse({ status: 200, description: 'Sorted by name', standardSchema: element, isArray: true }));
}

export function ApiFind(summary: string, schema: z.ZodType): Decorator {
  return api(summary, ApiResponse({ status: 200, description: 'Found', standardSchema: schema, headers: versionHeader }), ...fails(404));
}

const reason: Decorator = ApiQuery({
  name: 'reason',
  required: false,
  description: 'Why, for the history of the document',
  schema: { type: 'string', maxLength: 1000 },
});

export function ApiCreate(summary: string, schema: z.ZodType): Decorator {
  const headers = { ...versionHeader, Location: { description: 'Where it is', schema: { type: 'string' as const } } };
  return api(summary, ApiResponse({ status: 201, description: 'Created', standardSchema: schema, headers }), reason, ...fails(400, 409));
}

export function ApiReplace(summary: string, schema: z.ZodType): Decorator {
  const done = ApiResponse({ status: 200, description: 'Replaced', standardSchema: schema, headers: versionHeader });
  return api(summary, done, reason, ...fails(400, 404, 409, 412, 428));
}

export function ApiRemove(summary: string): Decorator {
  return api(summary, ApiResponse({ status: 204, description: 'Removed' }), reason, ...fails(404, 409, 412, 428));
}

/** Of what has no version. */
export function ApiEnd(summary: string): Decorator {
  return api(summary, ApiResponse({ status: 204, description: 'Removed' }), ...fails(404, 409));
}

export function ApiDone(summary: string, ...statuses: readonly number[]): Decorator {
  return api(summary, ApiResponse({ status: 204, description: 'Done' }), ...fails(...statuses));
}

export function ApiAnswer(summary: string, schema: z.ZodType, ...statuses: readonly number[]): Decorator {
  return api(summary, ApiResponse({ status: 200, description: 'Done', standardSchema: schema }), ...fails(...statuses));
}

/** Server-sent events. */
export function ApiStream(summary: string): Decorator {
  return api(summary, ApiResponse({ status: 200, description: 'Events', content: { 'text/event-stream': {} } }));
}

/** For a browser, without a token: a page or a redirect. */
export function ApiPage(summary: string, status: 200 | 302): Decorator {
  const answer = status === 302 ? { status, description: 'Elsewhere' } : { status, description: 'A page', content: { 'text/html': {} } };
  return applyDecorators(listParameters, ApiOperation({ summary }), ApiResponse(answer), ...fails(401, 403, 404, 429, 502, 503));
}
