/**
 * The parts of a file rule that are a text of their own, and what the path of a file may be. Pure.
 *
 * A template is text with names of columns in braces; braces stand for nothing else. A JSON path is a small part of the server's: `$`,
 * `.name`, `['name']`, `["name"]`, `[0]`, `[*]`.
 */

export type TemplatePart = { readonly text: string } | { readonly column: string };

/** Null: its braces do not pair, or hold nothing. */
export function templateParts(template: string): readonly TemplatePart[] | null {
  const parts: TemplatePart[] = [];
  const form = /\{([^{}]+)\}|([^{}]+)/gy;
  let end = 0;
  for (let found = form.exec(template); found; found = form.exec(template)) {
    const [, column, text] = found;
    parts.push(column === undefined ? { text: text as string } : { column });
    end = form.lastIndex;
  }
  return end === template.length ? parts : null;
}

/** The columns of a template, in its order. */
export function templateColumns(template: string): readonly string[] {
  return (templateParts(template) ?? []).flatMap((part) => ('column' in part ? [part.column] : []));
}

/** A member, an element, each element. */
export type JsonStep = string | number | null;

/** Null: it is none, or has more than is read here. */
export function jsonPathSteps(path: string): readonly JsonStep[] | null {
  if (!path.startsWith('$')) return null;
  const steps: JsonStep[] = [];
  const form = /\.([\p{L}_$][\p{L}\p{N}_$]*)|\['([^'\\]+)'\]|\["([^"\\]+)"\]|\[(\d{1,9})\]|\[(\*)\]/uy;
  form.lastIndex = 1;
  let end = 1;
  for (let found = form.exec(path); found; found = form.exec(path)) {
    const [, name, single, double, index] = found;
    steps.push(name ?? single ?? double ?? (index === undefined ? null : Number(index)));
    end = form.lastIndex;
  }
  return end === path.length ? steps : null;
}

/** Bytes of UTF-8, as Linux has it. */
const maxSegment = 255;
const maxPath = 4096;
/** Holds what is on its way. */
const own = '.lutra';

/** Most paths: nothing about them can be wrong but their segments and their length. */
const plain = /^[\w !#$%&'()+,./:;=@[\]^~-]*$/;
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const control = /[\u0000-\u001f\u007f-\u009f]/;
/** A character that a text of its column has and Unicode does not: docs/decisions/0014. */
const escape = /[\u{f0000}-\u{10ffff}]/u;

/** Why no file may have this path beneath its root; null: it may. */
export function pathProblem(path: string): string | null {
  if (path === '') return 'it is empty';
  if (path.startsWith('/')) return 'it is absolute';
  const isPlain = plain.test(path);
  if (!isPlain) {
    if (control.test(path)) return 'it has a control character';
    if (!path.isWellFormed() || escape.test(path)) return 'it has a character that Unicode does not have';
  }
  const bytes = (text: string): number => (isPlain ? text.length : Buffer.byteLength(text));
  if (bytes(path) > maxPath) return `it is longer than ${maxPath} bytes`;
  for (const segment of path.split('/')) {
    if (segment === '') return 'it has an empty segment';
    if (segment === '.' || segment === '..') return `it has a segment ${segment}`;
    if (segment.length === own.length && segment.toLowerCase() === own) return `it has a segment ${own}`;
    if (bytes(segment) > maxSegment) return `it has a segment longer than ${maxSegment} bytes`;
  }
  return null;
}
