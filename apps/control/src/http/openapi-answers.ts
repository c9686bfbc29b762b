/**
 * What every operation can answer besides its own: who may not ask, what was sent wrongly, what is not there. It follows from what an
 * operation takes, so that no controller can leave one out. Each error has an example.
 */
import { errorTable } from '@lutra/model';
import type { OpenAPIObject } from '@nestjs/swagger';
import { problemBody, problemType, requestErrors } from './error.filter.js';
import { answerExamples, bodyExamples } from './examples.js';

type Paths = OpenAPIObject['paths'];
type Operation = NonNullable<Paths[string]['get']>;
type Response = NonNullable<Operation['responses']['default']>;

const methods = ['get', 'put', 'post', 'delete'] as const;
const json = 'application/json';
const confluent = 'application/vnd.schemaregistry.v1+json';

interface ErrorAnswer {
  readonly description: string;
  readonly code: keyof typeof requestErrors | keyof typeof errorTable;
  readonly message: string;
}

const answers: Readonly<Record<number, ErrorAnswer>> = {
  400: {
    description: 'Invalid: the message names the fields; details.problems lists what breaks a rule',
    code: 'CONFIG_INVALID',
    message: 'port: Too big: expected number to be <=65535',
  },
  401: { description: 'Nobody has logged in, or the token is wrong', code: 'UNAUTHORIZED', message: 'no API token and no session' },
  403: {
    description: 'The role does not allow it (NOT_ALLOWED), or the request comes from another site (FORBIDDEN)',
    code: 'NOT_ALLOWED',
    message: 'ada may not do this: channel.write of channel orders',
  },
  404: { description: 'No such document', code: 'CONFIG_MISSING', message: 'there is no endpoint orders-hz' },
  409: {
    description: 'It exists already, is in use, problems stand in the way (details.problems), or the tree has regressed (CONFIG_REGRESSED)',
    code: 'CONFIG_CONFLICT',
    message: 'endpoint orders-hz exists already',
  },
  412: {
    description: 'Changed since it was read',
    code: 'CONFIG_CONFLICT',
    message: 'endpoint orders-hz is at version 4 now; If-Match names 3',
  },
  413: { description: 'The body is too large', code: 'BODY_TOO_LARGE', message: 'request entity too large' },
  415: { description: 'The body is not in UTF-8', code: 'UNSUPPORTED_MEDIA_TYPE', message: 'a body is in UTF-8' },
  422: { description: 'Not an Avro schema, or not a version', code: 'CONFIG_INVALID', message: 'Invalid schema: the schema is not JSON' },
  428: { description: 'If-Match is missing', code: 'PRECONDITION_REQUIRED', message: 'If-Match is missing' },
  429: {
    description:
      'Many wrong tokens or passwords came from this address, or many logins are checked at once; a right token is taken at once',
    code: 'TOO_MANY_REQUESTS',
    message: 'many wrong API tokens',
  },
  500: {
    description: 'What is stored cannot be read; the log has it',
    code: 'SECRET_UNREADABLE',
    message: 'the stored password of orders-hz cannot be opened',
  },
  502: {
    description: 'A database server or Kafka refuses or does not answer',
    code: 'SOURCE_UNAVAILABLE',
    message: 'source: connect ECONNREFUSED',
  },
  503: {
    description: "ZooKeeper does not answer, or this control app does not know the cluster's level",
    code: 'ZOOKEEPER_UNAVAILABLE',
    message: 'ZooKeeper did not answer about /lutra/endpoints',
  },
};

/** Confluent's own codes where they are more than the status. */
const confluentCodes: Readonly<Record<number, number>> = { 401: 40101, 404: 40401, 422: 42201 };

export function completeAnswers(document: OpenAPIObject): void {
  const schemas = (document.components ??= {}).schemas ?? {};
  schemas['ConfluentError'] = {
    type: 'object',
    properties: { error_code: { type: 'integer' }, message: { type: 'string' } },
    required: ['error_code', 'message'],
  };
  for (const [name, example] of Object.entries(answerExamples)) schemas[name] = { ...schemas[name], example };
  document.components.schemas = schemas;
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of methods) {
      const operation = item[method];
      if (operation) complete(operation, { method, path });
    }
  }
}

function complete(operation: Operation, { method, path }: { readonly method: string; readonly path: string }): void {
  const foreign = !path.startsWith('/api/');
  const known = Object.keys(operation.responses)
    .map(Number)
    .filter((status) => status >= 400);
  for (const status of new Set([...known, ...implied(operation, path), ...(method === 'get' || foreign ? [] : [409])]))
    operation.responses[status] = errorAnswer(status, foreign);
  const body = operation.requestBody;
  const example = bodyExamples[`${method} ${path}`];
  if (body && 'content' in body && example) body.content[json] = { ...body.content[json], example };
}

function implied({ parameters = [], requestBody }: Operation, path: string): readonly number[] {
  const foreign = !path.startsWith('/api/');
  const asksServers = /^\/api\/v1\/(?:endpoints|channels|backup|restore|plan|apply|export|prepare)\b/.test(path);
  const inPath = path.includes('{');
  const taken = [...(parameters.length > 0 || requestBody ? [400] : []), ...(inPath && !path.startsWith('/config/') ? [404] : [])];
  const body = requestBody ? [413, 415] : [];
  const schema = foreign && (requestBody || path.includes('{version}')) ? [422] : [];
  return [401, 403, 429, 500, 503, ...taken, ...body, ...schema, ...(asksServers ? [502] : [])];
}

function errorAnswer(status: number, foreign: boolean): Response {
  const { description, code, message } = answers[status] ?? { description: '', code: 'INTERNAL', message: '' };
  const { help } = { ...errorTable, ...requestErrors }[code];
  const example = foreign
    ? { error_code: confluentCodes[status] ?? status, message }
    : problemBody({ status, body: { code, message, help, details: {} } });
  const schema = { $ref: `#/components/schemas/${foreign ? 'ConfluentError' : 'Error'}` };
  return { description, content: { [foreign ? confluent : problemType]: { schema, example } } };
}
