import { textCodec } from '@lutra/model';
import { tailoringOf } from '@lutra/mysql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestServer, versions } from '../../../../libs/mysql/src/fixture.js';
import { foldText } from './folded-text.js';

const ascii = Array.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ');
const accented = Array.from('áâäãåæąāăćčçďđéèëěęġğíîīıįķľłņńňñóôöőõøœŕřśšşșßţťțúüűůūýÿźžżþðơưə·[]\\`~').flatMap((letter) => [
  letter,
  letter.toUpperCase(),
]);
/** Doubled in Hungarian, one letter elsewhere. */
const longer =
  'ccs cscs dds ddz dzdz ddzs dzsdzs ggy gygy lly lyly nny nyny ssz szsz tty tyty zzs zszs เก กเ ເກ ກເ aaa aae eae chh aaaa'.split(' ');
const pairs = (letters: readonly string[]): readonly string[] => letters.flatMap((a) => letters.map((b) => a + b));

/** What another character set of all letters has cannot be otherwise than in utf8mb4 for most of it: so a part will do there. */
const few = [...ascii, ...accented, ...pairs([...ascii, ...Array.from('áäåæöøœüßłđ·')]), ...longer];
const many = [...new Set([...few, ...singles(), ...longer.map((text) => text.toUpperCase())])];

/**
 * Of all scripts that are no syllables and no Han. Marks behind a letter, as alone they are no text; so some letters too, for which small
 * ones above stand.
 */
function singles(): readonly string[] {
  const places = [
    ranged(0x21, 0x3400),
    ranged(0xa490, 0xac00),
    ranged(0xfb00, 0x10000),
    ranged(0x10100, 0x10200),
    ranged(0x1f100, 0x1f200),
  ].flat();
  const letters = places.map((place) => String.fromCodePoint(place));
  const behind = [...ranged(0xc0, 0x600), ...ranged(0x1a20, 0x1b00), ...ranged(0xa640, 0xa800)].map((place) => String.fromCodePoint(place));
  const alone = /[\p{M}\p{C}\u037a]/u;
  return [...letters.map((letter) => (alone.test(letter) ? `x${letter}` : letter)), ...behind.map((letter) => `x${letter}`)];
}

function ranged(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

describe.each(versions)('all known collations of %s', (version) => {
  let server: TestServer;
  const filled = new Map<string, string>();

  beforeAll(async () => {
    server = await TestServer.start(version);
    await server.run(
      'CREATE DATABASE folded; SET sql_log_bin = 0; SET group_concat_max_len = 200, max_heap_table_size = 268435456, tmp_table_size = 268435456',
    );
  });
  afterAll(() => server.stop());

  async function collations(): Promise<readonly { readonly name: string; readonly charset: string }[]> {
    const full = version === 'mariadb-11.4' ? 'FULL_COLLATION_NAME' : 'COLLATION_NAME';
    const from = 'FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY';
    const rows = await server.query(
      `SELECT ${full} AS name, CHARACTER_SET_NAME AS charset ${from} WHERE CHARACTER_SET_NAME <> 'binary' ORDER BY 1`,
    );
    return rows.map(({ name, charset }) => ({ name: String(name), charset: String(charset) }));
  }

  /** A table of texts with what each is folded to; one for all collations that fold alike. */
  async function tableFor(collation: string, texts: readonly string[]): Promise<string> {
    const tailoring = tailoringOf(collation) ?? undefined;
    const kind = `${tailoring?.letters} ${tailoring?.alike.join(' ')} ${texts.length}`;
    const known = filled.get(kind);
    if (known !== undefined) return known;
    const table = `folded.t${filled.size}`;
    filled.set(kind, table);
    await server.run(
      `CREATE TABLE ${table} (txt VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, fold VARBINARY(64)) ENGINE = MEMORY`,
    );
    const hex = (text: string): string => `x'${Buffer.from(text).toString('hex')}'`;
    for (let i = 0; i < texts.length; i += 20_000) {
      const rows = texts.slice(i, i + 20_000).map((text) => `(_utf8mb4 ${hex(text)}, ${hex(foldText(text, tailoring))})`);
      await server.run(`INSERT INTO ${table} VALUES ${rows.join(', ')}`);
    }
    return table;
  }

  /** Texts that are one to the collation and have several folds; such as the character set has. */
  async function apart(collation: string, charset: string): Promise<readonly string[]> {
    const table = await tableFor(collation, /^(?:ucs2|utf16|utf16le|utf32|utf8|utf8mb3)$/.test(charset) ? few : many);
    const rows = await server.query(
      `SELECT GROUP_CONCAT(txt SEPARATOR ' ') AS texts FROM (SELECT txt, fold, CONVERT(txt USING ${charset}) COLLATE ${collation} AS t FROM ${table}
       WHERE CONVERT(CONVERT(txt USING ${charset}) USING utf8mb4) = txt COLLATE utf8mb4_bin) AS had GROUP BY t HAVING MIN(fold) <> MAX(fold)`,
    );
    return rows.map(({ texts }) => `${collation}: ${String(texts)}`);
  }

  test('what one of them takes for one value gives one text', { timeout: 300_000 }, async () => {
    const known = (await collations()).filter(({ name }) => tailoringOf(name) !== null && !name.endsWith('_bin'));
    expect(known.length).toBeGreaterThan(150);
    const found: string[] = [];
    for (const { name, charset } of known) found.push(...(await apart(name, charset)));
    expect(found).toEqual([]);
  });

  test('so does a byte that is no character, wherever it has a weight', async () => {
    const single = await server.query(
      "SELECT CHARACTER_SET_NAME AS charset FROM information_schema.CHARACTER_SETS WHERE MAXLEN = 1 AND CHARACTER_SET_NAME <> 'binary'",
    );
    const charsets = new Set(single.map(({ charset }) => String(charset)));
    await server.run('CREATE TABLE folded.bytes (b VARBINARY(1), fold VARBINARY(64)) ENGINE = MEMORY');
    const found: unknown[] = [];
    for (const { name, charset } of (await collations()).filter(({ charset }) => charsets.has(charset))) {
      const tailoring = tailoringOf(name);
      if (!tailoring || name.endsWith('_bin')) continue;
      const rows = ranged(0, 0x100).map((byte) => {
        const fold = foldText(textCodec(charset)?.decode(Buffer.from([byte])) ?? '', tailoring);
        return `(x'${byte.toString(16).padStart(2, '0')}', x'${Buffer.from(fold).toString('hex')}')`;
      });
      await server.run(`TRUNCATE folded.bytes; INSERT INTO folded.bytes VALUES ${rows.join()}`);
      const text = `CONVERT(b USING ${charset}) COLLATE ${name}`;
      found.push(
        ...(await server.query(
          `SELECT '${name}' AS name, GROUP_CONCAT(HEX(b)) AS bytes FROM folded.bytes GROUP BY ${text} HAVING MIN(fold) <> MAX(fold)`,
        )),
      );
    }
    expect(found).toEqual([]);
  });
});
