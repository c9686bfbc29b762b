/**
 * A JSON document as SQL. Text is not enough for every value:
 * - a value with a mark (json-text.ts) would become another type;
 * - MySQL 8.0.15 reads one in ten doubles of 16 or 17 digits as a neighbour of it ('129294.54272519925' becomes 129294.54272519924:
 *   RapidJSON without full precision), while SQL's own DOUBLE literals are exact. A container that holds such values is merged of texts,
 *   and of JSON_ARRAY or JSON_OBJECT around expressions. (JSON_SET takes time that grows with the square of the number of values.) The
 *   document must be one that a server printed: it is checked only as far as needed.
 */
import { isMarked, mostSigned, opaqueMark, signMark } from './json-text.js';
import { OpaqueValues } from './opaque-sql.js';
import { afterBlanks, endOfString, endOfWord } from './json-tokens.js';

/** Null for a document that no expression makes. @param quote a text as a literal */
export function jsonExpression(text: string, quote: (text: string) => string): string | null {
  try {
    if (!isMarked(text) && !(mayBeInexact.test(text) && hasInexact(text))) return quote(text);
    return new Builder(text, quote).expression();
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Cheap, and right about what it rules out. */
const mayBeInexact = /[\d.]{16}|\d[eE]/;

/** No server nests containers deeper. */
const mostLevels = 100;

interface Part {
  /** Of a member, with its quotation marks. */
  readonly key?: string;
  readonly text: string;
  /** Null: text is good enough. */
  readonly sql: string | null;
}

class Builder {
  readonly #text: string;
  readonly #quote: (text: string) => string;
  readonly #opaque: OpaqueValues;
  #at = 0;
  #level = 0;

  constructor(text: string, quote: (text: string) => string) {
    this.#text = text;
    this.#quote = quote;
    this.#opaque = new OpaqueValues(quote);
  }

  expression(): string {
    const { sql, text } = this.#value();
    if (sql === null) return this.#quote(text);
    if (sql.startsWith('JSON_')) return this.#opaque.selected(sql);
    // A value of its own is JSON too. CAST takes no binary string.
    return this.#opaque.selected(text.startsWith('"') ? `JSON_EXTRACT(JSON_ARRAY(${sql}), '$[0]')` : `CAST(${sql} AS JSON)`);
  }

  #value(): Part {
    const before = this.#at;
    const from = (this.#at = afterBlanks(this.#text, before));
    const first = this.#text[from];
    if (first === '{' || first === '[') return this.#container(first, from);
    this.#at = first === '"' ? endOfString(this.#text, from) : endOfWord(this.#text, from);
    const text = this.#text.slice(from, this.#at);
    return { text, sql: this.#scalar(text, this.#text.slice(before, from)) };
  }

  #scalar(text: string, blanks: string): string | null {
    const mark = blanks.indexOf(opaqueMark);
    if (mark >= 0) return this.#opaque.expression(text, blanks.length - mark - 1);
    if (blanks.includes(signMark)) return whole(text);
    if (text.startsWith('"') || isExact(text)) return null;
    return /[eE]/.test(text) ? text : `${text}e0`;
  }

  #container(first: '{' | '[', from: number): Part {
    if (++this.#level > mostLevels) throw new SyntaxError('a JSON document that is too deep');
    this.#at++;
    const parts = this.#children(first === '{' ? '}' : ']');
    this.#level--;
    const text = this.#text.slice(from, this.#at);
    if (parts.every(({ sql }) => sql === null)) return { text, sql: null };
    return { text: '', sql: first === '{' ? this.#object(parts) : this.#array(parts) };
  }

  #children(end: string): readonly Part[] {
    const parts: Part[] = [];
    for (;;) {
      const next = afterBlanks(this.#text, this.#at);
      if (this.#text[next] === end) {
        this.#at = next + 1;
        return parts;
      }
      if (this.#text[next] === ',') this.#at = next + 1;
      if (end === ']') parts.push(this.#value());
      else parts.push({ key: this.#key(), ...this.#value() });
    }
  }

  #key(): string {
    const from = afterBlanks(this.#text, this.#at);
    if (this.#text[from] !== '"') throw new SyntaxError('no JSON key where one must be');
    const to = endOfString(this.#text, from);
    this.#at = afterBlanks(this.#text, to) + 1; // the colon
    return this.#text.slice(from, to);
  }

  /** Keys are unique, and in no order. */
  #object(parts: readonly Part[]): string {
    const texts = parts.filter(({ sql }) => sql === null).map(({ key, text }) => `${key}: ${text}`);
    const built = parts.flatMap(({ key = '', sql }) => (sql === null ? [] : `${this.#quote(JSON.parse(key) as string)}, ${sql}`));
    return merged([...(texts.length > 0 ? [this.#quote(`{${texts.join(', ')}}`)] : []), `JSON_OBJECT(${built.join(', ')})`]);
  }

  /** Arrays are merged by putting one behind the other. */
  #array(parts: readonly Part[]): string {
    const runs: string[] = [];
    for (let from = 0, to = 0; from < parts.length; from = to) {
      const isText = parts[from]?.sql === null;
      while (to < parts.length && (parts[to]?.sql === null) === isText) to++;
      const run = parts.slice(from, to).map(({ text, sql }) => sql ?? text);
      runs.push(isText ? this.#quote(`[${run.join(', ')}]`) : `JSON_ARRAY(${run.join(', ')})`);
    }
    return merged(runs);
  }
}

function whole(digits: string): string {
  if (!/^\d{1,19}$/.test(digits)) throw new SyntaxError('no whole number');
  return Number(digits) > mostSigned ? digits : `CAST(${digits} AS UNSIGNED)`;
}

function merged(documents: readonly string[]): string {
  const [only = ''] = documents;
  return documents.length === 1 ? only : `JSON_MERGE_PRESERVE(${documents.join(', ')})`;
}

function hasInexact(text: string): boolean {
  for (let at = 0; at < text.length;) {
    const character = text[at] as string;
    if (character === '"') at = endOfString(text, at);
    else if (character === '-' || (character >= '0' && character <= '9')) {
      const end = endOfWord(text, at);
      if (!isExact(text.slice(at, end))) return true;
      at = end;
    } else at++;
  }
  return false;
}

/**
 * Whole numbers are exact; so is a fraction whose digits fit a double and that one division or multiplication by an exact power of ten
 * (up to 10^22) makes: it is rounded once.
 */
function isExact(token: string): boolean {
  if (token.length <= 16 && !/[eE]/.test(token)) return true;
  const [, digits = '', fraction = '', exponent = '0'] = /^-?(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(token) ?? [];
  if (digits === '' || (fraction === '' && !/[eE]/.test(token))) return true; // no number, or a whole one
  const power = Number(exponent) - fraction.length;
  return (digits + fraction).replace(/^0+/, '').length <= 15 && Math.abs(power) <= 22;
}
