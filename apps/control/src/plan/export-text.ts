/** The configuration as the text of a lutra.yaml, made beside the event loop. Applied, it changes nothing. */
import { beside } from '@lutra/runtime';
import { Document, isMap } from 'yaml';
import type { Node } from 'yaml';

type Plain = Record<string, unknown>;

export interface Exported {
  readonly regions: readonly Plain[];
  readonly endpoints: readonly Plain[];
  readonly channels: readonly Plain[];
}

/** Stands for a secret that is left out; a comment says so. */
const leftOut = 'lutra:left-out';

export const exportText = beside(import.meta.url, textOf);

export function textOf(exported: Exported, format: 'yaml' | 'json'): string {
  const value = { version: 1, ...exported };
  if (format === 'json') return `${JSON.stringify(value, (key, part: unknown) => (isLeftOut(key, part) ? undefined : part), 2)}\n`;
  const document = new Document(value, { aliasDuplicateObjects: false });
  comment(document.contents);
  return document.toString({ lineWidth: 120 });
}

/** What becomes of secrets: references stay, and sealed ones are left out. */
export function withoutSealed(document: Plain, secrets: readonly Secret[]): Plain {
  return secrets.reduce<Plain>((rest, { path, field, reference }) => replaced(rest, path, field, reference), document);
}

interface Secret {
  readonly path: readonly string[];
  readonly field: string;
  readonly reference: string | undefined;
}

function replaced(document: Plain, [step, ...path]: readonly string[], field: string, reference: string | undefined): Plain {
  if (step !== undefined) return { ...document, [step]: replaced(document[step] as Plain, path, field, reference) };
  const entries = Object.entries(document).map(([key, value]) =>
    key === field ? (reference === undefined ? [field, leftOut] : [`${field}From`, reference]) : [key, value],
  );
  return Object.fromEntries(entries) as Plain;
}

function isLeftOut(key: unknown, value: unknown): boolean {
  return value === leftOut && (key === 'password' || key === 'key');
}

function comment(node: unknown): void {
  if (typeof node !== 'object' || node === null || !('items' in node)) return;
  const items = node.items as { readonly key?: { value?: unknown }; value?: Node }[];
  if (isMap(node)) {
    const at = items.findIndex(({ key, value }) => isLeftOut(key?.value, (value as { value?: unknown } | undefined)?.value));
    if (at >= 0) {
      const field = String(items[at]?.key?.value);
      items.splice(at, 1);
      node.comment = ` ${field}: left out; the stored one stays`;
    }
  }
  for (const item of items) comment(isMap(node) ? item.value : item);
}
