/**
 * Columns that can hold more at the source than can be replicated: more than one packet of the target, or than one record of the topic.
 * Such a row stops the target's pipelines (TARGET_SETTINGS) or the endpoint (RECORD_TOO_LARGE) once it is written, so this is said before.
 */
import { tableName } from '@lutra/model';
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import { setGlobal } from './server-facts.js';
import type { ServerFacts } from './server-facts.js';
import type { TargetColumn, TargetTable } from './target-definition.js';

export interface ValueSizes {
  /** Each at its server. */
  readonly from: TargetTable;
  readonly source: ServerFacts;
  readonly target: ServerFacts;
  /** topic.maxMessageBytes of the source's endpoint; left out: not known. */
  readonly maxMessageBytes?: number | undefined;
}

export function checkValueSizes({ from, source, target, maxMessageBytes = Infinity }: ValueSizes): readonly Problem[] {
  const [written, taken] = [packetOf(source), packetOf(target)];
  const sizeOf = (column: TargetColumn): number => Math.min(capacityOf(column), written);
  const naming = (columns: readonly TargetColumn[]): string => columns.map(({ name, columnType }) => `${name} (${columnType})`).join(', ');
  const problems: Problem[] = [];
  const beyondPacket = from.columns.filter((column) => sizeOf(column) > taken);
  if (beyondPacket.length > 0) {
    const what = `${tableName(from)}: ${naming(beyondPacket)} can hold more than max_allowed_packet of the target (${taken}; of the source ${written}): such a value stops the pipeline`;
    problems.push(problem('warning', 'value-larger-than-packet', what, setGlobal(target, 'max_allowed_packet', String(written))));
  }
  const beyondRecord = from.columns.filter((column) => isDeclaredLarge(column) && sizeOf(column) > maxMessageBytes);
  if (beyondRecord.length > 0) {
    const what = `${tableName(from)}: ${naming(beyondRecord)} can hold more than topic.maxMessageBytes of the source's endpoint (${maxMessageBytes}): a row whose images are larger, compressed, stops capture`;
    problems.push(problem('warning', 'value-larger-than-record', what, 'if there are such rows: *Large rows* in docs/02-setup.md'));
  }
  return problems;
}

function packetOf(server: ServerFacts): number {
  return Number(server.variables.get('max_allowed_packet') ?? Infinity);
}

/** Somebody expects large values; of a JSON document nobody says how large it may be. */
function isDeclaredLarge({ columnType }: TargetColumn): boolean {
  return /^(?:medium|long)(?:text|blob)/i.test(columnType);
}

function capacityOf({ type, length }: TargetColumn): number {
  return type === 'json' ? Infinity : (length ?? 0);
}
