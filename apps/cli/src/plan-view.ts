/** A plan, for people: what changes, what that does to what runs, and what is in the way. */
import { readFileSync } from 'node:fs';
import type { Answer } from '@lutra/client';
import { exitCodes, usageError } from './exit-codes.js';
import type { ExitCode } from './exit-codes.js';
import { valueText } from './output/format.js';
import type { Output } from './output/output.js';
import { showProblems } from './output/problems.js';
import type { OptionOf, Run } from './verb.js';

export type Plan = Answer<'POST /api/v1/plan'>;
type Change = Plan['changes'][number];

/** As a diff has it; what is done to a channel, in a word. */
const marks: Readonly<Record<Change['op'], string>> = {
  create: '+',
  change: '~',
  remove: '-',
  start: '▶ start',
  pause: '‖ pause',
  stop: '■ stop',
};

export const documentOptions: readonly OptionOf[] = [
  { flags: '-f, --file <file>', what: 'the document, YAML or JSON; - is stdin', required: true },
  { flags: '--prune', what: 'remove what is there and not in the document' },
  { flags: '--select <kind/name>', what: 'only these, patterns with * and ?; may be repeated', kind: 'list' },
];

/** @throws CliError usage: the file cannot be read */
export async function documentOf({ options, stdin }: Run) {
  const file = options.text('file') ?? '-';
  const select = options.list('select');
  return { document: file === '-' ? await stdin() : textIn(file), prune: options.flag('prune'), ...(select && { select: [...select] }) };
}

export function textIn(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usageError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

export function showPlan(out: Output, { changes, consequences, problems, confirm, unmanaged }: Plan): void {
  for (const { op, kind, name, fields } of changes) {
    out.line(`${marks[op]} ${kind}/${name}`);
    for (const { path, from, to } of fields) out.paragraph(`${path}: ${shown(from)} → ${shown(to)}`, '    ', '      ');
  }
  if (changes.length === 0) out.line('Nothing would change.');
  for (const { what, subject } of consequences) out.paragraph(`! ${what}${subject === '' ? '' : `: ${subject}`}`, '', '  ');
  showProblems(
    out,
    problems.map((problem) => ({ ...problem, what: `${lineOf(problem)}${problem.what}` })),
  );
  if (unmanaged.length > 0) out.note(`not in the document, and stays: ${unmanaged.join(', ')}`);
  if (confirm) out.note(`apply asks for its counts: ${Object.entries(confirm).map(confirmText).join(' ')}`);
}

function shown(value: unknown): string {
  return value === undefined || value === null ? '(none)' : valueText(value);
}

export function lineOf({ line, column }: Plan['problems'][number]): string {
  return line === undefined ? '' : `${line}:${column ?? 1}: `;
}

export function confirmText([name, count]: readonly [string, number]): string {
  return `--confirm ${name}=${count}`;
}

export function exitOf({ changes, problems }: Plan): ExitCode {
  if (problems.some(({ severity }) => severity === 'error')) return exitCodes.checksFailed;
  return changes.length > 0 ? exitCodes.changes : exitCodes.ok;
}
