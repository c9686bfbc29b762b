/**
 * From the text of a lutra.yaml to its documents, with the line and column of whatever is wrong. YAML 1.2, of which JSON is a part: `no` is
 * a text, and so is a date. It runs beside the event loop within a bounded time, since the text decides how long it takes. No message has a
 * part of the text in it: it may hold passwords.
 */
import { beside } from '@lutra/runtime';
import { SyncError } from '@lutra/model';
import { isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Node, Pair, YAMLError } from 'yaml';
import type { z } from 'zod';
import { documentKinds, lutraDocumentSchema, subjectOf } from './lutra-document.js';
import type { Place, Wanted } from './lutra-document.js';

export interface Misplaced extends Place {
  /** JSON pointer. */
  readonly pointer: string;
  readonly what: string;
}

export interface ReadDocument {
  /** null: `problems` says why. */
  readonly wanted: Wanted | null;
  readonly problems: readonly Misplaced[];
  /** `channels/orders` → where it begins. */
  readonly places: Readonly<Record<string, Place>>;
}

type Path = readonly PropertyKey[];

const boundMs = 5_000;
const mostAliases = 100;
const mostProblems = 100;
const unknownField = 'there is no such field';

/** What a parser's error is, by its code. Its message would quote the text. */
const syntax: Partial<Record<YAMLError['code'], string>> = {
  BAD_ALIAS: 'an alias of an anchor that is not there',
  BAD_INDENT: 'the indentation does not fit',
  BLOCK_AS_IMPLICIT_KEY: 'a value within a value: is a line break or an indentation missing?',
  DUPLICATE_KEY: 'this key stands twice',
  MISSING_CHAR: 'a character is missing: a bracket, a quote, a comma or a colon with a space behind it',
  MULTIPLE_DOCS: 'one document only',
  TAB_AS_INDENT: 'indent with spaces, not with tabs',
  TAG_RESOLVE_FAILED: 'tags (!…) are not taken',
};

/** @throws SyncError CONFIG_INVALID: it takes too long */
export const readDocument = beside(import.meta.url, readText, {
  ms: boundMs,
  late: () => new SyncError('CONFIG_INVALID', `the document takes longer than ${boundMs / 1000} s to read`),
});

export function readText(text: string): ReadDocument {
  const lines = new LineCounter();
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const failed = (what: string, place = at(0), pointer = ''): ReadDocument => ({
    wanted: null,
    problems: [{ what, pointer, ...place }],
    places: {},
  });
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, version: '1.2' });
    const faults = [...document.errors, ...document.warnings];
    if (faults.length > 0) {
      const problems = faults.slice(0, mostProblems).map(({ code, pos }) => ({ what: syntaxOf(code), pointer: '', ...at(pos[0]) }));
      return { wanted: null, problems, places: {} };
    }
    if (document.directives?.yaml.explicit && document.directives.yaml.version !== '1.2') return failed('YAML 1.2 only');
    return read(document, at);
  } catch (error) {
    if (error instanceof ReferenceError) return failed(`more than ${mostAliases} uses of anchors`);
    if (error instanceof RangeError) return failed('nested too deep');
    throw error;
  }
}

function read(document: Document.Parsed, at: (offset: number) => Place): ReadDocument {
  const value: unknown = document.toJS({ maxAliasCount: mostAliases });
  const placed = (path: Path, asKey = false): Place => at(nodeAt(document, path, asKey)?.range?.[0] ?? 0);
  const problems: Misplaced[] = [];
  const add = (path: Path, what: string): void => {
    if (problems.length < mostProblems) problems.push({ what, pointer: pointerOf(path), ...placed(path, what === unknownField) });
  };
  const given = withReferences(value, add);
  const { success, data, error } = lutraDocumentSchema.safeParse(given);
  for (const issue of error?.issues ?? []) for (const [path, what] of told(issue, document)) add(path, what);
  const places: Record<string, Place> = {};
  if (success) {
    for (const kind of documentKinds) {
      for (const [index, { name }] of data[kind].entries()) {
        const subject = subjectOf(kind, name);
        if (subject in places) add([kind, index, 'name'], `${name} stands twice among the ${kind}`);
        places[subject] = placed([kind, index]);
      }
    }
  }
  if (!success || problems.length > 0) return { wanted: null, problems, places: {} };
  const endpoints = data.endpoints.map((one) => {
    const { passwordFrom, passwordSet: _, ...endpoint } = one;
    return passwordFrom === undefined ? endpoint : { ...endpoint, password: passwordFrom };
  });
  return { wanted: { regions: data.regions, endpoints, channels: data.channels }, problems: [], places };
}

function syntaxOf(code: YAMLError['code']): string {
  return syntax[code] ?? `this cannot be read as YAML (${code})`;
}

function told(issue: z.core.$ZodIssue, document: Document.Parsed): readonly (readonly [Path, string])[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => [[...issue.path, key], unknownField] as const);
  const node = nodeAt(document, issue.path);
  // A scalar that YAML takes for a number, or for true, and that was meant as a text.
  const quoted = issue.code === 'invalid_type' && issue.expected === 'string' && isScalar(node) && typeof node.value !== 'string';
  return [[issue.path, quoted ? `${issue.message}: put it in quotes` : issue.message]];
}

/**
 * `keyFrom` and `passwordFrom` of a region, which the REST API only shows, are references here: they take the place of the secret.
 */
function withReferences(value: unknown, add: (path: Path, what: string) => void): unknown {
  const regions = isRecord(value) && value['regions'];
  const endpoints = isRecord(value) && value['endpoints'];
  if (Array.isArray(endpoints)) {
    for (const [index, endpoint] of endpoints.entries()) {
      if (isRecord(endpoint) && 'password' in endpoint && 'passwordFrom' in endpoint)
        add(['endpoints', index, 'passwordFrom'], 'give password or passwordFrom, not both');
    }
  }
  if (!isRecord(value) || !Array.isArray(regions)) return value;
  const referred = regions.map((region: unknown, index) => {
    if (!isRecord(region) || !isRecord(region['kafka'])) return region;
    const kafka = { ...region['kafka'] };
    for (const [part, secret, from] of [
      ['tls', 'key', 'keyFrom'],
      ['sasl', 'password', 'passwordFrom'],
    ] as const) {
      const fields = kafka[part];
      if (!isRecord(fields) || !(from in fields)) continue;
      const { [from]: reference, ...rest } = fields;
      if (secret in rest) add(['regions', index, 'kafka', part, from], `give ${secret} or ${from}, not both`);
      if (!/^(env|file):/.test(String(reference))) add(['regions', index, 'kafka', part, from], 'a reference begins with env: or file:');
      kafka[part] = { ...rest, [secret]: reference };
    }
    return { ...region, kafka };
  });
  return { ...value, regions: referred };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The node, or the nearest one around where it would be. */
function nodeAt(document: Document.Parsed, path: Path, asKey = false): Node | null {
  let node: unknown = document.contents;
  for (const [depth, step] of path.entries()) {
    const next = isMap(node) ? pairAt(node.items, step) : isSeq(node) ? node.items[Number(step)] : undefined;
    if (next === undefined) break;
    const ofKey = asKey && depth === path.length - 1;
    node = isPair(next) ? (ofKey ? next.key : (next.value ?? next.key)) : next;
  }
  return node as Node | null;
}

function pairAt(items: readonly Pair[], step: PropertyKey): Pair | undefined {
  const find = (name: string): Pair | undefined => items.find(({ key }) => isScalar(key) && String(key.value) === name);
  return find(String(step)) ?? find(`${String(step)}From`);
}

function pointerOf(path: Path): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
