/**
 * What a verb says: the answer goes to stdout, all that is about it to stderr. With --json the answer is the API's own; colours and cuts
 * are for a terminal.
 */
import { tableOf } from './table.js';
import type { Column } from './table.js';
import { coloured, jsonOf, printable, wrap } from './text.js';
import type { Tone } from './text.js';

export interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

export interface OutputOptions {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly wide: boolean;
  readonly colour: boolean;
}

/** Of a terminal that does not say how wide it is. */
const usualColumns = 80;
const usualRows = 24;

export class Output {
  readonly #options: OutputOptions;

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  get isJson(): boolean {
    return this.#options.json;
  }

  get isTerminal(): boolean {
    return this.#options.stdout.isTTY === true;
  }

  get columns(): number | undefined {
    return this.isTerminal && !this.#options.wide ? (this.#options.stdout.columns ?? usualColumns) : undefined;
  }

  get rows(): number {
    return this.#options.stdout.rows ?? usualRows;
  }

  /** What `show` says, as text for the same terminal. */
  captured(show: (out: Output) => void): string {
    const { isTTY, columns, rows } = this.#options.stdout;
    let text = '';
    const write = (more: string): void => void (text += more);
    const stdout = {
      ...(isTTY === undefined ? {} : { isTTY }),
      ...(columns === undefined ? {} : { columns }),
      ...(rows === undefined ? {} : { rows }),
      write,
    };
    show(new Output({ ...this.#options, stdout, stderr: stdout }));
    return text;
  }

  /** Either the answer as it came, or as `show` shows it. */
  answer(answer: unknown, show: () => void): void {
    if (this.isJson) this.raw(`${jsonOf(answer, 2)}\n`);
    else show();
  }

  /** One of many, on a line of its own. */
  jsonLine(answer: unknown): void {
    this.raw(`${jsonOf(answer)}\n`);
  }

  raw(text: string): void {
    this.#options.stdout.write(text);
  }

  line(text = ''): void {
    this.raw(`${printable(text)}\n`);
  }

  /** Wrapped where a terminal is narrower; further lines are indented by `others`. */
  paragraph(text: string, first = '', others = first): void {
    for (const line of text.split('\n')) this.line(this.columns === undefined ? first + line : wrap(line, this.columns, first, others));
  }

  table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], empty: string): void {
    if (rows.length === 0) return this.note(empty);
    const { wide } = this.#options;
    this.raw(`${tableOf(columns, rows, { columns: this.columns, colour: this.#colours(this.#options.stdout), wide })}\n`);
  }

  tone(text: string, tone: Tone): string {
    return this.#colours(this.#options.stdout) ? coloured(printable(text), tone) : printable(text);
  }

  /** A line that may have tones. */
  toned(text: string): void {
    this.raw(`${text}\n`);
  }

  /** What was done, or is missing: not the answer itself. */
  note(text: string): void {
    if (!this.#options.quiet) this.#tell(text);
  }

  failure(message: string, help: string): void {
    const mark = this.#colours(this.#options.stderr) ? coloured('✗', 'bad') : '✗';
    this.#options.stderr.write(`${mark} ${this.#wrapped(message, '  ').trimStart()}\n`);
    if (help !== '') this.#options.stderr.write(`${this.#wrapped(help, '  ')}\n`);
  }

  failureJson(failure: unknown): void {
    this.#options.stderr.write(`${jsonOf(failure)}\n`);
  }

  #tell(text: string): void {
    this.#options.stderr.write(`${this.#wrapped(text, '')}\n`);
  }

  #wrapped(text: string, indent: string): string {
    const { stderr } = this.#options;
    const lines = printable(text).split('\n');
    return lines.map((line) => (stderr.isTTY ? wrap(line, stderr.columns ?? usualColumns, indent) : indent + line)).join('\n');
  }

  #colours(stream: Stream): boolean {
    return this.#options.colour && stream.isTTY === true;
  }
}
