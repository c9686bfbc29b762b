/** What a check found, or what an action would do: each with what fixes it. */
import type { Output } from './output.js';

export interface Problem {
  readonly id: string;
  readonly severity: 'error' | 'warning';
  readonly what: string;
  readonly fix: string | null;
}

export function showProblems(out: Output, problems: readonly Problem[]): void {
  for (const { severity, what, fix } of problems) {
    const mark = severity === 'error' ? '✗' : '!';
    if (out.isJson) out.note(`${mark} ${what}${fix === null ? '' : ` → ${fix}`}`);
    else {
      out.paragraph(`${mark} ${what}`, '  ', '    ');
      if (fix !== null) out.paragraph(fix, '    ');
    }
  }
}
