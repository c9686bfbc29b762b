/**
 * Sort keys of plain texts without the server: a text of printable ASCII has the weights of its letters, one behind the other, on each
 * level. Whether that is so in a collation, and how its levels are laid out, is read from the server's own weights of one text that has
 * every pair of letters. Where it is not so (Spanish ch, Danish aa) there is no such alphabet, and the server is asked each time. Pure.
 */

/** The weights of a text, a byte a character. */
type Weights = string;

const printable = Array.from({ length: 0x7f - 0x20 }, (_, i) => String.fromCharCode(0x20 + i));
/** What stands between two levels: nothing (MariaDB), or a weight of zero. */
const separators = ['', '\0\0'] as const;

interface Layout {
  readonly levels: 1 | 2 | 3;
  readonly separator: (typeof separators)[number];
}

const layouts: readonly Layout[] = separators.flatMap((separator) => ([1, 2, 3] as const).map((levels) => ({ levels, separator })));

export class PlainAlphabet {
  readonly #layout: Layout;
  /** By code: the weights of a letter on each level. */
  readonly #letters: readonly (readonly Weights[] | undefined)[];

  private constructor(layout: Layout, letters: readonly (readonly Weights[] | undefined)[]) {
    this.#layout = layout;
    this.#letters = letters;
  }

  /** Null: the collation has none. `weigh` asks the server. */
  static async learn(weigh: (texts: readonly string[]) => Promise<readonly Weights[]>): Promise<PlainAlphabet | null> {
    const singles = await weigh(printable);
    const [blank = ''] = singles;
    // A letter that weighs as a blank (cp1251_ukrainian_ci: `) may be padding at the end.
    const letters = printable
      .map((letter, i) => ({ letter, weights: singles[i] ?? '' }))
      .filter(({ letter, weights }) => letter === ' ' || (weights !== blank && weights !== ''));
    const pairs = letters.flatMap((a) => letters.map((b) => a.letter + b.letter)).join('');
    const [expected] = await weigh([pairs]);
    const fits = layouts.map((layout) => PlainAlphabet.#of(layout, letters)).find((alphabet) => alphabet?.weightsOf(pairs) === expected);
    return fits ?? null;
  }

  static #of(layout: Layout, letters: readonly { readonly letter: string; readonly weights: Weights }[]): PlainAlphabet | null {
    const byCode: (readonly Weights[] | undefined)[] = [];
    for (const { letter, weights } of letters) {
      const levels = levelsOf(weights, layout);
      if (levels === null) return null;
      byCode[letter.charCodeAt(0)] = levels;
    }
    return new PlainAlphabet(layout, byCode);
  }

  /** Null: not a text of these letters. */
  weightsOf(text: string): Weights | null {
    const { levels, separator } = this.#layout;
    let [first, second, third] = ['', '', ''];
    for (let i = 0; i < text.length; i++) {
      const letter = this.#letters[text.charCodeAt(i)];
      if (letter === undefined) return null;
      first += letter[0];
      if (levels > 1) second += letter[1];
      if (levels > 2) third += letter[2];
    }
    if (levels === 1) return first;
    return levels === 2 ? first + separator + second : first + separator + second + separator + third;
  }
}

function levelsOf(weights: Weights, { levels, separator }: Layout): readonly Weights[] | null {
  const found = separator === '' ? inParts(weights, levels) : betweenZeros(weights);
  return found.length === levels && found.every((level) => level !== '') ? found : null;
}

function inParts(weights: Weights, parts: number): readonly Weights[] {
  const size = weights.length / parts;
  return Number.isInteger(size) ? Array.from({ length: parts }, (_, i) => weights.slice(i * size, (i + 1) * size)) : [];
}

/** Weights are of two bytes there. */
function betweenZeros(weights: Weights): readonly Weights[] {
  const levels = [''];
  for (let i = 0; i < weights.length; i += 2) {
    const weight = weights.slice(i, i + 2);
    if (weight === '\0\0') levels.push('');
    else levels.push((levels.pop() ?? '') + weight);
  }
  return levels;
}
