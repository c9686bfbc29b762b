/** Text as a terminal shows it: its width in columns, cut to fit, without what would steer the terminal. */
import stringWidth from 'string-width';
import { styleText } from 'node:util';

export { stringWidth as widthOf };

/** Control characters as pictures: a name or a value out of a database must not move the cursor. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are meant
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '\uFFFD');
}

/** As JSON, in which what would steer a terminal is escaped: JSON itself escapes the first 32 characters alone. */
export function jsonOf(value: unknown, indent?: number): string {
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value, null, indent).replaceAll(/[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, escaped);
}

/** On one line. */
export function inline(text: string): string {
  return printable(text.replaceAll(/\s*\n\s*/g, ' ').replaceAll('\t', ' '));
}

/** At most so many columns: what does not fit ends in … */
export function cut(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  let kept = '';
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    const more = stringWidth(segment);
    if (width + more > columns - 1) break;
    kept += segment;
    width += more;
  }
  return columns < 1 ? '' : `${kept}…`;
}

export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - stringWidth(text)));
}

/** Broken at spaces; the first line and the others begin with an indent. */
export function wrap(text: string, columns: number, first = '', others = first): string {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.trim().split(/ +/)) {
    if (!isEmpty && stringWidth(line) + 1 + stringWidth(word) > columns) {
      lines.push(line);
      line = others + word;
    } else line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line].join('\n');
}

const tones = { good: 'green', bad: 'red', odd: 'yellow', faint: 'dim', strong: 'bold' } as const;
export type Tone = keyof typeof tones;

export function coloured(text: string, tone: Tone): string {
  return styleText(tones[tone], text, { validateStream: false });
}
