/** The texts at a path of a document (steps: file-path.ts in libs/model). As the server reads it: where a step finds nothing, nothing. */
import type { JsonStep } from '@lutra/model';

/** Null, in the list: the document has null there. In place of the list: what is there is no text. Throws where it is no JSON. */
export function jsonTexts(document: string, steps: readonly JsonStep[]): readonly (string | null)[] | null {
  let found: readonly unknown[] = [JSON.parse(document)];
  for (const step of steps) found = found.flatMap((value) => stepInto(value, step));
  return found.every((value) => value === null || typeof value === 'string') ? found : null;
}

function stepInto(value: unknown, step: JsonStep): readonly unknown[] {
  if (Array.isArray(value)) {
    if (step === null) return value as unknown[];
    return typeof step === 'number' && step < value.length ? [value[step]] : [];
  }
  if (typeof value !== 'object' || value === null || typeof step !== 'string' || !Object.hasOwn(value, step)) return [];
  return [(value as Record<string, unknown>)[step]];
}
