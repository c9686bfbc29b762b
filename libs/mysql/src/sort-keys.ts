/**
 * Sort keys: two texts have one key where the server's collation takes them for one value, and else two. The server itself says it
 * (WEIGHT_STRING); what it said is remembered, and texts of plain letters are put together from the weights of these
 * (plain-alphabet.ts). Keys of one run can be compared, and nothing else: they are never stored.
 *
 * A collation that pads takes 'a' and 'a ' for one, and their weights differ: a text is weighed without the characters at its end that the
 * server does not miss. These are more than blanks: U+00A0 is a blank to many, and what has no weight may stand behind one.
 * docs/decisions/0026-sort-keys.md has what was measured, and the few collations of which several values have one key.
 */
import { SyncError, textCodec } from '@lutra/model';
import { PlainAlphabet } from './plain-alphabet.js';
import type { ResultRow } from './session-options.js';

export interface TextCollation {
  readonly charset: string;
  readonly collation: string;
}

type Ask = (sql: string) => Promise<readonly ResultRow[]>;

/** Of one question. */
const maxTexts = 1000;
const maxHex = 1_000_000;
/** Of texts and keys that are remembered, twice. */
const maxRemembered = 2_000_000;

/** The collations of one server. */
export class Collations {
  readonly #ask: Ask;
  readonly #known = new Map<string, SortKeys>();

  /** @param ask a query in a session of ours */
  constructor(ask: Ask) {
    this.#ask = ask;
  }

  of(column: TextCollation): SortKeys {
    const name = `${column.charset} ${column.collation}`;
    let keys = this.#known.get(name);
    if (!keys) this.#known.set(name, (keys = new SortKeys(column, this.#ask)));
    return keys;
  }
}

interface Weighing {
  /** Without what the server does not miss at the end. */
  readonly trimmed: boolean;
}

interface Facts {
  readonly pads: boolean;
  readonly alphabet: PlainAlphabet | null;
}

/** Of one collation. */
export class SortKeys {
  readonly #of: TextCollation;
  readonly #ask: Ask;
  readonly #isBinary: boolean;
  #facts: Facts | null = null;
  #recent = new Map<string, string>();
  #older: ReadonlyMap<string, string> = new Map();
  #size = 0;

  constructor(of: TextCollation, ask: Ask) {
    for (const name of [of.charset, of.collation])
      if (!/^\w+$/.test(name)) throw new SyncError('INTERNAL', `no name of a character set or collation: ${name}`);
    this.#of = { ...of, collation: coarser(of.collation) };
    this.#ask = ask;
    this.#isBinary = of.collation.endsWith('_bin');
  }

  /** Null: the server must be asked. */
  known(text: string): string | null {
    if (!this.#facts) return null;
    const { pads, alphabet } = this.#facts;
    const bare = pads ? withoutBlanks(text) : text;
    return this.#isBinary ? bare : (alphabet?.weightsOf(bare) ?? null);
  }

  /** @throws SyncError APPLY_REFUSED, TARGET_* */
  async ask(texts: Iterable<string>): Promise<ReadonlyMap<string, string>> {
    this.#facts ??= await this.#learn();
    const keys = new Map<string, string>();
    const missing: string[] = [];
    for (const text of new Set(texts)) {
      const key = this.known(text) ?? this.#remembered(text);
      if (key === null) missing.push(text);
      else keys.set(text, key);
    }
    const { pads } = this.#facts;
    const weights = await this.#weigh(
      missing.map((text) => (pads ? withoutBlanks(text) : text)),
      { trimmed: true },
    );
    for (const [i, text] of missing.entries()) {
      const key = weights[i] ?? '';
      keys.set(text, key);
      this.#remember(text, key);
    }
    return keys;
  }

  async #learn(): Promise<Facts> {
    const { charset, collation } = this.#of;
    const [row] = await this.#ask(`SELECT CONVERT('' USING ${charset}) COLLATE ${collation} = CONVERT(' ' USING ${charset}) AS pads`);
    const pads = Number(row?.['pads']) === 1;
    return { pads, alphabet: this.#isBinary ? null : await PlainAlphabet.learn((texts) => this.#weigh(texts, { trimmed: false })) };
  }

  async #weigh(texts: readonly string[], how: Weighing): Promise<readonly string[]> {
    const found = texts.map(() => '');
    const codec = textCodec(this.#of.charset);
    let part: { at: number; hex: string }[] = [];
    let size = 0;
    const flush = async (): Promise<void> => {
      for (const { at, weights } of await this.#question(part, how)) found[at] = weights;
      part = [];
      size = 0;
    };
    for (const [at, text] of texts.entries()) {
      const hex = codec?.encode(text)?.toString('hex');
      // No column of this character set holds it, so nothing is like it.
      if (hex === undefined) found[at] = `\uffff${text}`;
      else {
        part.push({ at, hex });
        size += hex.length;
        if (part.length >= maxTexts || size >= maxHex) await flush();
      }
    }
    await flush();
    return found;
  }

  /** One query, and one more for each character that is too much at the end of some. */
  async #question(part: readonly { at: number; hex: string }[], how: Weighing): Promise<readonly { at: number; weights: string }[]> {
    const found: { at: number; weights: string }[] = [];
    let left = part;
    for (let less = 0; left.length > 0; less++) {
      const rows = await this.#ask(this.#sql(left, less, how));
      const tooLong: (typeof left)[number][] = [];
      for (const { n, weights, missed, held } of rows) {
        const asked = left[Number(n) - 1];
        if (!asked) continue;
        if (Number(missed) === 0) tooLong.push(asked);
        else found.push({ at: asked.at, weights: this.#weights(weights, asked.hex, Number(held) === 1) });
      }
      left = tooLong;
    }
    if (found.length !== part.length) throw new SyncError('INTERNAL', `${found.length} sort keys for ${part.length} texts`);
    return found;
  }

  #sql(part: readonly { hex: string }[], less: number, { trimmed }: Weighing): string {
    const { charset, collation } = this.#of;
    const whole = `CONVERT(UNHEX(h) USING ${charset}) COLLATE ${collation}`;
    const text = less === 0 ? whole : `LEFT(${whole}, CHAR_LENGTH(${whole}) - ${less})`;
    const texts = part.map(({ hex }) => `"${hex}"`).join();
    // '' misses its last character too.
    const missed = trimmed ? `t IS NULL OR t <> LEFT(t, CHAR_LENGTH(t) - 1) OR CHAR_LENGTH(t) = 0` : '1';
    return `SELECT n, WEIGHT_STRING(t) AS weights, ${missed} AS missed, t IS NOT NULL AS held FROM (SELECT n, ${text} AS t FROM JSON_TABLE('[${texts}]', '$[*]' COLUMNS (n FOR ORDINALITY, h LONGTEXT PATH '$')) AS given) AS texts`;
  }

  #weights(weights: ResultRow[string] | undefined, hex: string, held: boolean): string {
    if (Buffer.isBuffer(weights)) return weights.toString('latin1');
    // This server knows no such characters, so no column of it holds them.
    if (!held) return `\uffff${hex}`;
    const { collation } = this.#of;
    throw new SyncError('APPLY_REFUSED', `the server gives no weights for a text of ${hex.length / 2} bytes in collation ${collation}`, {
      details: { collation },
    });
  }

  #remembered(text: string): string | null {
    const recent = this.#recent.get(text);
    if (recent !== undefined) return recent;
    const older = this.#older.get(text);
    if (older === undefined) return null;
    this.#remember(text, older);
    return older;
  }

  #remember(text: string, key: string): void {
    if (this.#size > maxRemembered) {
      this.#older = this.#recent;
      this.#recent = new Map();
      this.#size = 0;
    }
    this.#recent.set(text, key);
    this.#size += text.length + key.length;
  }
}

/**
 * MariaDB's collations that tell letters by case and not by accent take 'a' and 'á' for one, and have two weights: what their like without
 * case takes for one is all that, and more.
 */
function coarser(collation: string): string {
  return /_uca1400_(?:\w+_)?ai_cs$/.test(collation) ? collation.replace(/_cs$/, '_ci') : collation;
}

function withoutBlanks(text: string): string {
  return text.endsWith(' ') ? text.replace(/ +$/, '') : text;
}
