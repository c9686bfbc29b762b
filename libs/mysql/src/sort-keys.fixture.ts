/** Texts that collations take for one in their ways, and what a server says of them: by lookups in an index of InnoDB, as its keys do. */
import { textCodec } from '@lutra/model';
import type { TestServer } from './mysql.fixture.js';
import { Collations } from './sort-keys.js';

const latin = Array.from('aAbBcdeghijklnostuvyzLSZ019_`~[]\\-@áäåÅöøæœßẞüýñçčšžđðþłıİǆǉŀ·ﬀﬁĳſKµμ');
const others = Array.from(
  'ςσΣᾳιиИйЙіґгѣᲀאכךءأاآيیى٠۰०क๗กเแາແກဂကေ가각がカかガｶァあー一丁⼀北﨑𠮷😀😁𝐀🄰𐐀𐐨𖹀𖹠Ａａ１①½㌀℃№ﷺ龥\u1e9b\u0378\ue000',
);
/** Without weight, or that of another: controls, blanks, marks, what joins. */
const marks = Array.from(' \t\n\0\u007f\u00a0\u3000\u200b\u200d\u00ad\u034f\u0301\u0308\u030a\u0327\u0345\u037a\u05c1\u093e\u0e48ﾞﾟ각');
const longer =
  'ch CH cs ccs cscs dz dzs ddz ddzs dzdzs DZS gy ggy ll ly lly nj nny sz ssz szsz ty tty zs zzs aa AA Aa aaa ss SS sz ae oe ue AE';
const padded = [
  'a ',
  'a  ',
  'a\u00a0 ',
  'a \u00a0',
  'a \0',
  'a\0 ',
  'a \u200b ',
  'a\u3000',
  'a\t',
  'a \t',
  '  ',
  '\0 \0',
  ' a',
  ' ch ',
  'ß ',
  'ss ',
];

/** A few hundred. */
export const fewTexts: readonly string[] = [
  ...new Set(['', ...latin, ...others, ...marks, ...marks.map((mark) => `a${mark}`), ...longer.split(' '), ...padded]),
];

/** Pairs of them, and triples of those that some language puts together. */
export function manyTexts(): readonly string[] {
  const single = [...latin, ...others, ...marks];
  const pairs = single.flatMap((a, i) => single.flatMap((b, j) => ((i * 31 + j * 17) % 5 === 0 ? [a + b] : [])));
  const few = Array.from('acdglnsyzAS·\u0301 \u00a0\0เกက각');
  return [...new Set([...fewTexts, ...pairs, ...few.flatMap((a) => few.flatMap((b) => few.map((c) => a + b + c)))])];
}

/** What the server's own weights do not tell apart there: such keys conflict though they need not. Nothing is missed. */
const wider = /^(?:big5_chinese|gb18030_chinese|tis620_thai)_(?:nopad_)?ci$|_uca1400_(?:\w+_)?ai_cs$/;

export interface CollationName {
  readonly charset: string;
  readonly collation: string;
}

export async function collationsOf(server: TestServer): Promise<readonly CollationName[]> {
  const name = server.server.version === 'mariadb-11.4' ? 'FULL_COLLATION_NAME' : 'COLLATION_NAME';
  const from = 'information_schema.COLLATION_CHARACTER_SET_APPLICABILITY';
  const rows = await server.query(`SELECT ${name} AS name, CHARACTER_SET_NAME AS charset FROM ${from} ORDER BY 1`);
  return rows
    .map(({ name: collation, charset }) => ({ charset: String(charset), collation: String(collation) }))
    .filter(({ charset }) => charset !== 'binary');
}

export interface Disagreement {
  readonly collation: string;
  /** One value to the server, with several keys. */
  readonly missed: readonly string[];
  /** Several values to the server, with one key. */
  readonly wide: readonly string[];
}

/** Null: the keys of these texts say what the server says. */
export async function disagreement(server: TestServer, of: CollationName, texts: readonly string[]): Promise<Disagreement | null> {
  const { charset, collation } = of;
  const codec = textCodec(charset);
  const hex = (text: string): string | undefined => codec?.encode(text)?.toString('hex');
  const keys = await new Collations((sql) => server.query(sql)).of(of).ask(texts);
  await server.run(`CREATE DATABASE IF NOT EXISTS alike; DROP TABLE IF EXISTS alike.t;
    CREATE TABLE alike.t (i INT PRIMARY KEY, t VARCHAR(8) CHARACTER SET ${charset} COLLATE ${collation}, KEY (t))`);
  const rows = texts.flatMap((text, i) => (hex(text) === undefined ? [] : [`(${i}, x'${hex(text)}')`]));
  await server.run(`INSERT IGNORE INTO alike.t VALUES ${rows.join()}`);
  const found = await server.query(
    `SELECT a.i, MIN(b.i) AS first, HEX(a.t) AS hex FROM alike.t a JOIN alike.t b FORCE INDEX (t) ON b.t = a.t GROUP BY a.i, a.t`,
  );
  // What this server does not store is cut off, or another text.
  const stored = found.map(({ i, first, hex: at }) => ({
    text: texts[Number(i)] ?? '',
    first: texts[Number(first)] ?? '',
    at: String(at).toLowerCase(),
  }));
  const same = stored.filter(({ text, at }) => hex(text) === at);
  const apart = (by: (of: (typeof same)[number]) => string, other: typeof by): readonly string[] =>
    [...Map.groupBy(same, by).values()].flatMap((group) =>
      new Set(group.map(other)).size > 1 ? [group.map(({ text }) => JSON.stringify(text)).join(' ')] : [],
    );
  const keyOf = ({ text }: { readonly text: string }): string => keys.get(text) ?? '';
  const missed = apart(({ first }) => first, keyOf);
  const wide = wider.test(collation) ? [] : apart(keyOf, ({ first }) => first);
  return missed.length + wide.length > 0 ? { collation, missed, wide } : null;
}
