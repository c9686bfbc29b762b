/** Tables as kubectl prints them: no borders, columns as wide as what they hold, and narrower where the terminal is. */
import { coloured, cut, inline, pad, widthOf } from './text.js';
import type { Tone } from './text.js';

export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string | number | null | undefined;
  readonly tone?: (row: Row) => Tone | undefined;
  /** Only with --wide. */
  readonly wide?: boolean;
  /** Never cut: a name that a person types again. */
  readonly whole?: boolean;
}

export interface TableOptions {
  /** Of the terminal; undefined: nothing is cut. */
  readonly columns: number | undefined;
  readonly colour: boolean;
  readonly wide: boolean;
}

const gap = 2;
/** A column is not cut to less. */
const leastWidth = 6;

export function tableOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[], options: TableOptions): string {
  const shown = columns.filter(({ wide }) => options.wide || !wide);
  const cells = rows.map((row) => shown.map((column) => textOf(column.of(row))));
  const titles = shown.map(({ title }) => title.toUpperCase());
  const natural = titles.map((title, i) => Math.max(widthOf(title), ...cells.map((row) => widthOf(row[i] ?? ''))));
  const widths = options.columns === undefined ? natural : fitted(natural, shown, options.columns);
  const line = (texts: readonly string[], toneOf: (i: number) => Tone | undefined): string =>
    texts
      .map((text, i) => {
        const width = widths[i] ?? 0;
        const padded = i === texts.length - 1 ? cut(text, width) : pad(cut(text, width), width);
        const tone = options.colour ? toneOf(i) : undefined;
        return tone ? coloured(padded, tone) : padded;
      })
      .join(' '.repeat(gap))
      .trimEnd();
  return [line(titles, () => 'faint'), ...rows.map((row, r) => line(cells[r] ?? [], (i) => shown[i]?.tone?.(row)))].join('\n');
}

function textOf(value: string | number | null | undefined): string {
  return value === null || value === undefined || value === '' ? '-' : inline(String(value));
}

/** Takes from the widest column, one by one, until all of them fit; from whole ones last. */
function fitted<Row>(natural: readonly number[], columns: readonly Column<Row>[], available: number): readonly number[] {
  const widths = [...natural];
  let over = widths.reduce((sum, width) => sum + width, 0) + gap * (widths.length - 1) - available;
  for (const isAllowed of [(i: number) => !columns[i]?.whole, () => true]) {
    for (; over > 0; over--) {
      const widest = widths.reduce((best, width, i) => (isAllowed(i) && width > Math.max(leastWidth, widths[best] ?? 0) ? i : best), -1);
      if (widest < 0) break;
      widths[widest] = (widths[widest] ?? 0) - 1;
    }
  }
  return widths;
}
