/**
 * Opaque values of one JSON document (json-text.ts) as SQL expressions, each of the type that JSON_ARRAY or JSON_OBJECT makes the same
 * opaque value of again.
 *
 * Some types only a column has: BIT, TIMESTAMP, BINARY(n), TINYBLOB, BLOB, a DECIMAL of more digits than its value. They come from columns
 * of a JSON_TABLE, one for the document. ERROR ON ERROR: without it the server stores null for what it cannot read. MySQL 8.0.15 hands a
 * subquery's document on as text, unless a function takes it.
 */
import { fieldTypeOf } from './json-tokens.js';

interface Column {
  readonly type: string;
  readonly value: string;
}

/** Of a JSON_TABLE: its row must fit 64 KiB. A join takes 61 tables. */
const columnsOfTable = 200;
const mostColumns = 60 * columnsOfTable;

const [mostOfByte, mostOfWord, mostOf3Bytes] = [0xff, 0xffff, 0xffffff];

export class OpaqueValues {
  readonly #columns: Column[] = [];
  readonly #quote: (text: string) => string;

  constructor(quote: (text: string) => string) {
    this.#quote = quote;
  }

  /**
   * @param text the value
   * @param spaces of its mark
   * @throws SyntaxError if no expression gives it
   */
  expression(text: string, spaces: number): string {
    if (!text.startsWith('"')) return this.#decimal(text, spaces);
    const type = fieldTypeOf(text.slice(1, 20));
    if (type === null) return this.#temporal(text.slice(1, -1), spaces > 0);
    const printed = JSON.parse(text) as string;
    return this.#bytes(type, Buffer.from(printed.slice(printed.lastIndexOf(':') + 1), 'base64'));
  }

  /** The expression of the document, where it can use the values. */
  selected(sql: string): string {
    if (this.#columns.length === 0) return sql;
    const tables: string[] = [];
    for (let from = 0; from < this.#columns.length; from += columnsOfTable) {
      const columns = this.#columns.slice(from, from + columnsOfTable);
      const list = columns.map(({ type }, i) => `c${from + i} ${type} PATH '$[${i}]' ERROR ON ERROR`);
      tables.push(`JSON_TABLE(JSON_ARRAY(${columns.map(({ value }) => value).join(', ')}), '$' COLUMNS (${list.join(', ')})) t${from}`);
    }
    return `CAST((SELECT ${sql} FROM ${tables.join(', ')}) AS JSON)`;
  }

  #column(type: string, value: string): string {
    if (this.#columns.length === mostColumns) throw new SyntaxError('too many opaque values in a JSON document');
    this.#columns.push({ type, value });
    return `c${this.#columns.length - 1}`;
  }

  /** A literal has as many digits as it is written with, but a CAST whole groups of nine before the point. */
  #decimal(text: string, spaces: number): string {
    const [, sign = '', integer = '', fraction = ''] = /^(-?)(\d{1,81})(?:\.(\d{1,81}))?$/.exec(text) ?? [];
    if (integer === '') throw new SyntaxError('no DECIMAL');
    const digits = integer === '0' ? 0 : integer.length;
    const [precision, scale] = [digits + fraction.length + spaces, fraction.length];
    const literal = `${sign}${precision === scale && scale > 0 ? '' : integer}.${fraction}`;
    const isPrinted = precision <= scale || precision === integer.length + scale || spaces === 0;
    if (isPrinted || precision > 65 || scale > 30) return literal;
    const type = `DECIMAL(${precision}, ${scale})`;
    if (precision - scale === 9 * Math.max(1, Math.ceil(digits / 9))) return `CAST(${literal} AS ${type})`;
    return this.#columns.length === mostColumns ? literal : this.#column(type, this.#quote(text));
  }

  #temporal(text: string, isTimestamp: boolean): string {
    if (text.length > 30 || !/^-?\d[\d:. -]*$/.test(text)) throw new SyntaxError('no date or time');
    if (isTimestamp) return this.#column('TIMESTAMP(6)', this.#quote(text));
    if (!text.includes(':')) return `DATE '${text}'`;
    return text.includes(' ') ? `TIMESTAMP '${text}'` : `TIME '${text}'`;
  }

  #bytes(type: number, bytes: Buffer): string {
    const { length } = bytes;
    const literal = `x'${bytes.toString('hex')}'`;
    /** The type of an IF has room for both; that of a literal goes by its length on some servers alone. */
    const withRoom = (more: number): string => `IF(1, ${literal}, REPEAT(x'00', ${more + 1}))`;
    switch (type) {
      case 15:
        return literal;
      case 16:
        if (length > 0 && length <= 8)
          return this.#column(`BIT(${8 * length})`, this.#quote(BigInt(`0x${bytes.toString('hex')}`).toString()));
        break;
      case 249:
        if (length <= mostOfByte) return this.#column('TINYBLOB', literal);
        break;
      case 250:
        if (length <= mostOf3Bytes) return withRoom(mostOfWord);
        break;
      case 251:
        return withRoom(mostOf3Bytes);
      case 252:
        if (length <= mostOfWord) return this.#column('BLOB', literal);
        break;
      case 254:
        if (length <= mostOfByte) return this.#column(`BINARY(${length})`, literal);
    }
    throw new SyntaxError(`no expression gives an opaque value of type ${type} and ${length} bytes`);
  }
}
