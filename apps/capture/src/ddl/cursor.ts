/** Walks over the tokens of a statement, as a parser does. A keyword matches only where it is not quoted. */
import { keyword, outermost } from '@lutra/binlog';
import type { Token } from '@lutra/binlog';
import type { DdlRole } from '@lutra/model';

/** A name in a statement, and where it stands. No database: that of the session. No name: all tables of the database. */
interface Name {
  readonly database: string | null;
  readonly name: string | null;
  readonly at: number;
  readonly end: number;
}

export interface Reference extends Name {
  readonly role: DdlRole;
}

export class Cursor {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get isEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** The next token as a keyword in upper case, or as the mark that it is; '' for anything else. */
  get here(): string {
    return keyword(this.#tokens[this.#at]);
  }

  /** Passes over the words if all of them come next. */
  take(...words: readonly string[]): boolean {
    const found = words.every((word, i) => keyword(this.#tokens[this.#at + i]) === word);
    if (found) this.#at += words.length;
    return found;
  }

  /** Passes over one of the words. */
  takeOne(...words: readonly string[]): boolean {
    return words.some((word) => this.take(word));
  }

  /** `t`, `d.t`, and MariaDB's `.t`; null: no name comes next. */
  table(role: DdlRole): Reference | null {
    const at = this.#tokens[this.#at]?.at ?? 0;
    this.take('.');
    const first = this.name();
    if (first === null) return null;
    if (!this.take('.')) return { database: null, name: first, role, at, end: this.#passed };
    const second = this.name();
    return second === null ? null : { database: first, name: second, role, at, end: this.#passed };
  }

  /** `a, b`; null: a name is missing. */
  tables(role: DdlRole): readonly Reference[] | null {
    const found: Reference[] = [];
    do {
      const table = this.table(role);
      if (table === null) return null;
      found.push(table);
    } while (this.take(','));
    return found;
  }

  database(): Reference | null {
    const at = this.#tokens[this.#at]?.at ?? 0;
    const database = this.name();
    return database === null ? null : { database, name: null, role: 'database', at, end: this.#passed };
  }

  /** Where the last token that was passed ends. */
  get #passed(): number {
    return this.#tokens[this.#at - 1]?.end ?? 0;
  }

  name(): string | null {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'word' && token?.kind !== 'quoted') return null;
    this.#at += 1;
    return token.text;
  }

  /** The next token, passed over, if it is of that kind. */
  takeKind(kind: Token['kind']): Token | null {
    const token = this.#tokens[this.#at];
    if (token?.kind !== kind) return null;
    this.#at += 1;
    return token;
  }

  /** Whatever comes next. */
  skip(tokens = 1): void {
    this.#at += tokens;
  }

  /** Moves behind the first of the words that stands outside of parentheses. */
  skipBehind(...words: readonly string[]): boolean {
    const found = outermost(this.#tokens.slice(this.#at)).findIndex((token) => token !== null && words.includes(keyword(token)));
    if (found !== -1) this.#at += found + 1;
    return found !== -1;
  }

  rest(): readonly Token[] {
    return this.#tokens.slice(this.#at);
  }
}
