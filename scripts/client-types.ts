/**
 * Makes libs/client/src/api.ts from the OpenAPI document of control: each operation with its parameters, its body and its answer, as types
 * and nothing else. A shape that comes again has one name. docs/decisions/0037-client.md says why it is not made by a package.
 */

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly nullable?: boolean;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: Schema;
}

interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Content & { readonly required?: boolean };
  readonly responses: Readonly<Record<string, Content>>;
}

export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const head = `/**
 * Made from control's OpenAPI document by scripts/client-types.ts; made anew by
 * npx vitest run --project integration apps/control/test/docs.integration.test.ts -u
 */
`;

/** Of errors, which ApiError has, and of the schema registry, which has clients of its own. */
const leftOut = new Set(['Error', 'ConfluentError']);

/** A longer list of words grows: who reads one may meet a word that he does not know. */
const longestList = 30;

export function clientTypes({ paths, components }: OpenApiDocument): string {
  const operations = Object.entries(paths)
    .filter(([path]) => path.startsWith('/api/'))
    .flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => ({ key: `${method.toUpperCase()} ${path}`, operation })))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const names = new Map<string, string>();
  const declared: string[] = [];
  const declare = (name: string, type: string): void => void declared.push(`export type ${name} = ${type};\n`);
  for (const [name, schema] of Object.entries(components.schemas)) if (!leftOut.has(name)) declare(name, typeOf(schema, ''));
  const named = (name: string, type: string): string => {
    if (!type.includes('\n')) return type;
    const known = names.get(type);
    if (known !== undefined) return known;
    names.set(type, name);
    declare(name, type);
    return name;
  };
  const entries = operations.map(({ key, operation }) => entryOf(key, operation, named));
  return [head, ...declared, `export interface Operations {\n${entries.join('')}}\n`].join('\n');
}

function entryOf(key: string, operation: Operation, named: (name: string, type: string) => string): string {
  const name = nameOf(key);
  const { parameters = [], requestBody, responses, summary } = operation;
  const found = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1];
  const body = requestBody ? named(`${name}Body`, typeOf(schemaOf(requestBody), '')) : 'undefined';
  const answer = schemaOf(found) ? named(`${name}Answer`, typeOf(schemaOf(found), '')) : 'undefined';
  const fields = [
    `path: ${parametersOf(parameters, 'path')}`,
    `query: ${parametersOf(parameters, 'query')}`,
    `body: ${body}`,
    `answer: ${answer}`,
  ];
  return `${commentOf(summary ?? '')}  '${key}': {\n${fields.map((field) => `    ${field};\n`).join('')}  };\n`;
}

function commentOf(summary: string): string {
  const line = `  /** ${summary.replaceAll('*/', '')} */`;
  if (line.length <= 140) return `${line}\n`;
  const lines = summary.replaceAll('*/', '').match(/.{1,130}(?= |$)/g) ?? [];
  return `  /**\n${lines.map((one) => `   * ${one.trim()}\n`).join('')}   */\n`;
}

/** POST /api/v1/channels/{channel}/verify → PostChannelsByChannelVerify */
function nameOf(key: string): string {
  const words =
    key
      .toLowerCase()
      .replace('/api/v1', '')
      .replaceAll('{', 'by-')
      .match(/[a-z0-9]+/g) ?? [];
  return words.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`).join('');
}

function schemaOf(of: Content | undefined): Schema | undefined {
  return Object.values(of?.content ?? {})[0]?.schema;
}

function parametersOf(parameters: readonly Parameter[], where: string): string {
  const fields = parameters
    .filter((parameter) => parameter.in === where)
    .map(({ name, required, schema }) => `${name}${required ? '' : '?'}: ${where === 'path' ? 'string' : queryType(schema)}`);
  return fields.length === 0 ? 'Record<string, never>' : `{ ${fields.join('; ')} }`;
}

/** All of it is text on its way; a number or a flag may be given as what it is. */
function queryType(schema: Schema | undefined): string {
  const type = typeOf(schema, '');
  if (schema?.enum?.every((one) => one === '' || one === 'true' || one === 'false')) return 'boolean';
  return type === 'unknown' ? 'string' : type;
}

function typeOf(schema: Schema | undefined, indent: string): string {
  if (schema === undefined) return 'unknown';
  const type = plainType(schema, indent);
  return schema.nullable && type !== 'unknown' ? `${type} | null` : type;
}

function plainType(schema: Schema, indent: string): string {
  if (schema.$ref !== undefined) return schema.$ref.replace('#/components/schemas/', '');
  if (schema.enum && schema.enum.length > longestList) return 'string';
  if (schema.enum) return union(schema.enum.map((value) => (typeof value === 'string' ? quoted(value) : JSON.stringify(value))));
  const several = schema.anyOf ?? schema.oneOf;
  if (several) return union(several.map((one) => typeOf(one, indent)));
  if (schema.allOf) return schema.allOf.map((one) => inBrackets(typeOf(one, indent))).join(' & ');
  if (schema.type === 'array') return `${inBrackets(typeOf(schema.items, indent))}[]`;
  if (schema.type === 'object') return objectType(schema, indent);
  if (schema.type === 'integer' || schema.type === 'number') return 'number';
  return schema.type === 'string' || schema.type === 'boolean' ? schema.type : 'unknown';
}

function objectType({ properties = {}, required = [], additionalProperties }: Schema, indent: string): string {
  const inner = `${indent}  `;
  const fields = Object.entries(properties).map(([name, schema]) => {
    const key = /^[a-zA-Z_]\w*$/.test(name) ? name : quoted(name);
    return `${inner}${key}${required.includes(name) ? '' : '?'}: ${typeOf(schema, inner)};\n`;
  });
  if (fields.length > 0) return `{\n${fields.join('')}${indent}}`;
  const values = typeof additionalProperties === 'object' ? typeOf(additionalProperties, indent) : 'unknown';
  return additionalProperties === false ? 'Record<string, never>' : `Record<string, ${values}>`;
}

function union(types: readonly string[]): string {
  return [...new Set(types)].join(' | ');
}

function inBrackets(type: string): string {
  return /^[\w.]+$|^\{[^]*\}$/.test(type) && !type.endsWith(' | null') ? type : `(${type})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
