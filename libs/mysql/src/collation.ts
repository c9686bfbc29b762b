/**
 * Which collations are known: what a key takes for one value under them, the loader can tell from the texts alone
 * (apps/loader/src/conflict/folded-text.ts), on all servers that have them. By exact names, so that one that a later server adds is none of
 * them. Pure. Shown on the servers' own comparisons: known-collations.integration.test.ts there.
 */

/** What a text is to be folded by, beyond what is done to every text. */
export interface Tailoring {
  /**
   * 'bytes': tells all texts apart, but for blanks at the end. 'basic': takes all letters beyond the basic plane for one. 'general': that
   * too, and ͅ is ι, which is nothing or a part of its letter elsewhere.
   */
  readonly letters: 'bytes' | 'general' | 'basic' | 'all';
  /** Of lower case letters without marks. Each may take more for one than the language does, never less. */
  readonly alike: readonly (readonly [RegExp, string])[];
}

type Alike = Tailoring['alike'];

const nordic: Alike = [
  [/æ|ae+/g, 'a'],
  [/œ|oe+/g, 'o'],
  [/u/g, 'y'],
];
const danish: Alike = [...nordic, [/aa+/g, 'a']];
const phonebook: Alike = [
  [/æ/g, 'a'],
  [/œ/g, 'o'],
  [/([aou])e+/g, '$1'],
];
/** å and ᴢ: as the servers have it. */
const icelandic: Alike = [...nordic.slice(0, 2), [/ᴢ/g, 'a']];
const roman: Alike = [
  [/j/g, 'i'],
  [/v/g, 'u'],
];
const latvian: Alike = [[/y/g, 'i']];
const lithuanian: Alike = [...latvian, [/ch+/g, 'c']];
const onlyA: Alike = [[/æ/g, 'a']];
const chinese: Alike = [
  [/`/g, 'e'],
  [/~/g, 'y'],
];
/** As the server has it: a blank. */
const backtick: Alike = [[/`/g, ' ']];
/** As the server has it. */
const estonian: Alike = [[/ᴡ/g, 'u']];
/** Doubled: ccs is cscs. */
const hungarian: Alike = [
  [/(dzs?|[cz]s|[glnt]y|sz)\1+/g, '$1'],
  [/c+(?=cs)|d+(?=dz)|g+(?=gy)|l+(?=ly)|n+(?=ny)|t+(?=ty)|z+(?=zs)|s+(?=sz)/g, ''],
];
/** Where 7-bit sets had their letters. */
const swedish7: Alike = [
  [/æ/g, 'a'],
  [/u/g, 'y'],
  [/[[\\]/g, 'a'],
  [/\]/g, 'o'],
];
const danish7: Alike = [
  [/æ/g, 'a'],
  [/u/g, 'y'],
  [/[[\]]/g, 'a'],
  [/\\/g, 'o'],
];

/** Languages of the Unicode collations, by both names that servers have for them. */
const languages: Readonly<Record<string, Alike>> = {
  ...none('bg bs cs czech croatian hr eo esperanto es spanish es_trad spanish2 gl hungarian ja latvian mn_cyrl'),
  ...none('pl polish ro romanian ru sk slovak sl slovenian sr_latn tr turkish vi vietnamese zh myanmar_ci thai_520_w2'),
  da: danish,
  danish,
  nb: danish,
  nn: danish,
  swedish: nordic,
  de_pb: phonebook,
  german2: phonebook,
  estonian,
  et: estonian,
  is: icelandic,
  icelandic,
  la: roman,
  roman,
  lt: lithuanian,
  lithuanian,
  lv: latvian,
  hu: hungarian,
};

/**
 * Collations of older character sets; without the ending of those that do not pad. Some have a weight for a byte that is no character: here
 * its escape.
 */
const older: Readonly<Record<string, Alike>> = {
  ...none('armscii8_general_ci ascii_general_ci cp1250_croatian_ci cp1250_czech_cs cp1250_polish_ci cp1251_general_ci cp1251_general_cs'),
  ...none('cp850_general_ci cp852_general_ci cp866_general_ci cp932_japanese_ci eucjpms_japanese_ci euckr_korean_ci'),
  ...none('greek_general_ci hp8_english_ci keybcs2_general_ci koi8r_general_ci latin1_general_ci'),
  ...none('latin1_general_cs latin2_croatian_ci latin2_czech_cs latin7_estonian_cs latin7_general_cs'),
  ...none('sjis_japanese_ci ujis_japanese_ci gb18030_unicode_520_ci'),
  cp1251_ukrainian_ci: backtick,
  koi8u_general_ci: backtick,
  latin1_german1_ci: onlyA,
  latin1_spanish_ci: onlyA,
  latin5_turkish_ci: onlyA,
  cp1257_general_ci: onlyA,
  latin1_swedish_ci: swedish7,
  dec8_swedish_ci: [...swedish7, [/[\u{1000d0}\u{1000f0}]/gu, 'd']],
  hebrew_general_ci: [
    [/\u{1000d7}/gu, 'ק'],
    [/\u{1000ff}/gu, ' '],
  ],
  swe7_swedish_ci: swedish7,
  latin1_danish_ci: danish7,
  gb2312_chinese_ci: chinese,
  gbk_chinese_ci: chinese,
  big5_chinese_ci: chinese,
  latin1_german2_ci: [...phonebook, [/\\/g, 'a']],
};

function none(names: string): Readonly<Record<string, Alike>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, []]));
}

const unicode = /^(?:utf8|utf8mb3|utf8mb4|ucs2|utf16|utf16le|utf32)_(.+)$/;
/** UCA 4.0 and older; 5.2; 9.0; 14.0. */
const general = /^(?:general(?:_nopad)?_ci|general_mysql500_ci|tolower_ci)$/;
const neutral = /^(?:unicode_520(?:_nopad)?_ci|0900_(?:ai_ci|as_ci|as_cs)|uca1400(?:_nopad)?_a[is]_c[is])$/;
const old = /^(?:unicode(?:_nopad)?|([a-z0-9]+))(?:_mysql561)?_ci$/;
const young = /^(?:uca1400_([a-z0-9]+?)(?:_nopad)?_a[is]_c[is]|([a-z_]+)_0900_(?:ai_ci|as_cs|as_cs_ks)|(thai_520_w2|myanmar_ci))$/;

/** Null: not known. */
export function tailoringOf(collation: string): Tailoring | null {
  if (/^[a-z0-9]+_(?:(?:nopad|0900)_)?bin$/.test(collation)) return { letters: 'bytes', alike: [] };
  const alike = older[collation.replace('_nopad', '')];
  if (alike) return { letters: 'all', alike };
  const name = unicode.exec(collation)?.[1];
  if (name === undefined) return null;
  if (general.test(name)) return { letters: 'general', alike: [] };
  if (neutral.test(name)) return { letters: 'all', alike: [] };
  const language = young
    .exec(name)
    ?.slice(1)
    .find((found) => found !== undefined);
  if (language !== undefined) return tailoringIn('all', language);
  const former = old.exec(name);
  return former && (former[1] === undefined ? { letters: 'basic', alike: [] } : tailoringIn('basic', former[1]));
}

function tailoringIn(letters: Tailoring['letters'], language: string): Tailoring | null {
  const alike = languages[language];
  return alike ? { letters, alike } : null;
}

/** Whether two collations tell the same texts apart, so far as both character sets have them. */
export function sameCollation(a: string, b: string): boolean {
  const kind = (collation: string): string => unicode.exec(collation)?.[1] ?? collation;
  return kind(a) === kind(b);
}
