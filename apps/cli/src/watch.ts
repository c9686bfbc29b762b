/** Looks again and again until Ctrl-C: one screen on a terminal, else one answer after the other. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, UnansweredError } from '@lutra/client';
import { usageError } from './exit-codes.js';
import type { Run } from './verb.js';

const usualSeconds = 2;
const upperLeft = '\u001B[H';
const clearBelow = '\u001B[J';
const clearLine = '\u001B[K';

export const watchOption = { flags: '--watch [seconds]', what: 'again and again, each 2 s if not given; with --json one line an answer' };

/** @param show Makes the screen as text. */
export async function watched<T>(run: Run, ask: () => Promise<T>, show: (answer: T) => string): Promise<void> {
  const { options, out, signal } = run;
  const seconds = Number(options.text('watch') ?? usualSeconds);
  if (!(seconds >= 0.5 && seconds <= 3600)) throw usageError('--watch takes seconds, 0.5 to 3600');
  if (out.isTerminal && !out.isJson) out.raw(upperLeft + clearBelow);
  while (!signal.aborted) {
    const answer = await asked(ask);
    if (out.isJson) out.jsonLine('answer' in answer ? answer.answer : { error: answer.error });
    else draw(run, 'answer' in answer ? show(answer.answer) : `✗ ${answer.error}\n`);
    await sleep(seconds * 1000, undefined, { signal }).catch(() => undefined);
  }
  throw signal.reason;
}

/** What may pass is shown, and asked again. @throws ApiError that stays, as a wrong token does */
async function asked<T>(ask: () => Promise<T>): Promise<{ readonly answer: T } | { readonly error: string }> {
  try {
    return { answer: await ask() };
  } catch (error) {
    const passes = error instanceof UnansweredError || (error instanceof ApiError && error.status >= 500);
    if (!passes) throw error;
    return { error: error.message };
  }
}

/** Over the screen before, so that nothing flickers; no more lines than the terminal has. */
function draw({ out }: Run, text: string): void {
  if (!out.isTerminal) return out.raw(`${text}\n`);
  const lines = `${new Date().toISOString().slice(11, 19)} UTC, Ctrl-C ends\n\n${text}`.trimEnd().split('\n');
  const most = Math.max(3, out.rows - 1);
  const shown = lines.length <= most ? lines : [...lines.slice(0, most - 1), `… ${lines.length - most + 1} more lines`];
  out.raw(`${upperLeft}${shown.map((line) => `${line}${clearLine}\n`).join('')}${clearBelow}`);
}
