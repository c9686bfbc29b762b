/**
 * A JSON document as SQL. Text is not enough: MySQL 8.0.15 reads one in ten doubles of 16 or 17 digits as a neighbour of it ('129294.54272519925' becomes
 * 129294.54272519924: RapidJSON without full precision), while SQL's own DOUBLE literals are exact. So what holds such a number is built by JSON_ARRAY
 * and JSON_OBJECT around the literal; all else stays text. The document must be one that a server printed: it is not checked.
 */
export function jsonExpression(text: string, quote: (text: string) => string): string {
  if (!mayBeInexact.test(text)) return quote(text);
  return new Scanner(text, quote).expression();
}

/** Cheap, and right about what it rules out. */
const mayBeInexact = /[\d.]{16}|\d[eE]/;

interface Part {
  readonly from: number;
  readonly to: number;
  /** Null: text is good enough. */
  readonly sql: string | null;
}

const string = /"(?:[^"\\]|\\.)*"/sy;
const scalar = /[^\s,:[\]{}"]+/y;
const blank = /\s*/y;

class Scanner {
  readonly #text: string;
  readonly #quote: (text: string) => string;
  #at = 0;

  constructor(text: string, quote: (text: string) => string) {
    this.#text = text;
    this.#quote = quote;
  }

  expression(): string {
    return this.#value().sql ?? this.#quote(this.#text);
  }

  #value(): Part {
    this.#skip(blank);
    const from = this.#at;
    switch (this.#text[from]) {
      case '{':
        return this.#container(from, { end: '}', build: 'JSON_OBJECT' });
      case '[':
        return this.#container(from, { end: ']', build: 'JSON_ARRAY' });
      case '"':
        this.#skip(string);
        return { from, to: this.#at, sql: null };
      default: {
        const token = this.#skip(scalar);
        return { from, to: this.#at, sql: isExact(token) ? null : this.#double(token) };
      }
    }
  }

  #container(from: number, { end, build }: { readonly end: string; readonly build: string }): Part {
    const parts: { readonly key: string; readonly value: Part }[] = [];
    this.#at += 1;
    for (;;) {
      this.#skip(blank);
      if (this.#text[this.#at] === ',') this.#at += 1;
      this.#skip(blank);
      if (this.#text[this.#at] === end) break;
      parts.push({ key: end === '}' ? this.#key() : '', value: this.#value() });
    }
    this.#at += 1;
    if (parts.every(({ value }) => value.sql === null)) return { from, to: this.#at, sql: null };
    const sql = `${build}(${parts.map(({ key, value }) => key + this.#element(value)).join(', ')})`;
    return { from, to: this.#at, sql };
  }

  #key(): string {
    const key = JSON.parse(this.#skip(string)) as string;
    this.#skip(blank);
    this.#at += 1; // the colon
    return `${this.#quote(key)}, `;
  }

  #element({ from, to, sql }: Part): string {
    return sql ?? `CAST(${this.#quote(this.#text.slice(from, to))} AS JSON)`;
  }

  /** A value of its own is JSON too, not a DOUBLE. */
  #double(token: string): string {
    return `CAST(${/[eE]/.test(token) ? token : `${token}e0`} AS JSON)`;
  }

  #skip(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.#text) ?? [];
    if (found === undefined || (found === '' && pattern !== blank)) throw new SyntaxError('not a JSON document');
    this.#at = pattern.lastIndex;
    return found;
  }
}

/**
 * Whole numbers are exact; so is a fraction whose digits fit a double and that one division or multiplication by an exact power of ten
 * (up to 10^22) makes: it is rounded once.
 */
function isExact(token: string): boolean {
  const [, digits = '', fraction = '', exponent = '0'] = /^-?(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(token) ?? [];
  if (digits === '' || (fraction === '' && !/[eE]/.test(token))) return true; // no number, or a whole one
  const power = Number(exponent) - fraction.length;
  return (digits + fraction).replace(/^0+/, '').length <= 15 && Math.abs(power) <= 22;
}
