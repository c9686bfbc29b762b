/**
 * Text folded as far as its collation goes, and in places further: what a key takes for one value gives one text. Pure. Measured on the
 * servers' own weights, for each collation that is known (libs/mysql/src/collation.ts), by folded-text.integration.test.ts and
 * known-collations.integration.test.ts.
 */

import { beyond } from './folded-beyond.js';
import type { Tailoring } from '@lutra/mysql';

const plain: Tailoring = { letters: 'all', alike: [] };

/** Each word: a letter, then others that some collation takes for it and that neither taking apart nor lower case finds. */
const alike = [
  '0౸༳៰⓿〇 1౹౼༪፩៱᧚⓵❶➀➊〡৴ 2౺౽༫፪៲⓶❷➁➋〢৵ 3౻౾༬፫៳⓷❸➂➌〣৶ 4༭፬៴⓸❹➃➍〤৷ 5༮፭៵⓹❺➄➎〥 6༯፮៶ↅ⓺❻➅➏〦 7༰፯៷⓻❼➆➐〧 8༱፰៸⓼❽➇➑〨 9༲፱៹⓽❾➈➒〩',
  'aꞛꟁ dꝺ fꝼ gᵹꞡ hħ kꞣ nꞥ oꞝ rꞃꞧꝛ sꞅꞩꟙ tꞇ uꞟ wꟃ ςσ гґ вᲀ дᲁ оᲂꙩꙫꙭꙮꚙꚛ сᲃ тᲄᲅ ъᲆ ѣᲇ ךכ םמ ןנ ףפ ץצ ءٴ۽ࢃࢇ اࢭࡰࡱࡲࡳࡴࡵࡶࡷࡸࡹࡺࡻࡼࡽࡾࡿࢀࢁࢂ م۾ وۥࢄ يۦࢅࢆ یࣉ ܒܭ',
  'ssß aeæ oeœ oø dđð lł thþᵺ iı dzʣ dbȸ a/s⅍ 10❿➉➓㉈⓾ 11⓫ 12⓬ 13⓭ 14⓮ 15⓯ 16⓰ 17⓱ 18⓲ 19⓳ 20㉉⓴ 30㉊ 40㉋ 50㉌ aaꜳ aoꜵ auꜷ avꜹꜻ ayꜽ llỻ lsʪ lzʫ ooꝏ qpȹ tsƾʦ tzꜩ vyꝡ zwƍ',
  'ܓܔܮ ܕܯ ܛܜ ܣܤ ܦܧ ߖߨ ߗߩ ߙߪ རཪ ᚠᚡ ᚢᚤᚥ ᚦᚧ ᚨᚩᚬᚭᚮ ᚲᚳᚴᚵᚶ ᚹᛩ ᚺᚻᚼᚽ ᚾᚿᛀ ᛁᛂ ᛃᛄ ᛅᛆ ᛈᛕ ᛊᛋᛌᛍᛎᛪ ᛏᛐᛑ ᛒᛓᛔ ᛗᛘᛙ ᛚᛛ ᛜᛝ ᛦᛧᛨ ᮃᮺ',
  'ᮊᮾ ᮙᮿ ᯀᯁ ᯂᯃᯄ ᯅᯆ ᯇᯈ ᯉᯊ ᯋᯌᯍ ᯎᯏ ᯒᯓ ᯔᯕ ᯖᯗ ᯘᯙᯚ ᯛᯜ ᯞᯟ ᲈꙋ ᳩᳪᳫᳬᳮᳯᳰᳱᳺ ɜᴈ ᴉᵎ ⺀丶 ⺁厂 ⺂乛 ⺃乚 ⺄乙 ⺅亻 ⺆冂 ⺇几 ⺈刀 ⺉刂 ⺊卜 ⺋卩 ⺌⺍小',
  '⺎⺐尢 ⺏⺑尣 ⺒巳 ⺓幺 ⺔彑 ⺕彐 ⺖忄 ⺗心 ⺘扌 ⺙攵 ⺛旡 ⺜日 ⺝月 ⺞歺 ⺠民 ⺡氵 ⺢氺 ⺣灬 ⺤⺥爫 ⺦丬 ⺧牛 ⺨犭 ⺩王 ⺪疋 ⺫目 ⺬示 ⺭礻 ⺮竹 ⺯糹 ⺰纟 ⺱⺳⺴罓 ⺲⺵罒 ⺶⺷羊 ⺸羋',
  '⺹耂 ⺺肀 ⺻聿 ⺼肉 ⺽臼 ⺾⺿⻀艹 ⻁虎 ⻂衤 ⻃覀 ⻄西 ⻅见 ⻆⻇角 ⻈讠 ⻉贝 ⻊足 ⻋车 ⻌⻍⻎辶 ⻏邑 ⻐钅 ⻑長 ⻒镸 ⻓长 ⻔门 ⻕阜 ⻖阝 ⻗雨 ⻘青 ⻙韦 ⻚页 ⻛风 ⻜飞 ⻝食 ⻞⻟飠 ⻠饣 ⻡首',
  '⻢马 ⻣骨 ⻤鬼 ⻥鱼 ⻦鸟 ⻧鹵 ⻨麦 ⻩黄 ⻪黾 ⻫齊 ⻬齐 ⻭齒 ⻮齿 ⻯龍 ⻰龙 ⻱⻲龜 〱〲 〳〴 ぁあ ぃい ぅう ぇえ ぉお かゕ くㇰ けゖ しㇱ すㇲ っつ とㇳ ぬㇴ はㇵ ひㇶ ふㇷ へㇸ ほㇹ',
  'むㇺ ゃや ゅゆ ょよ らㇻ りㇼ るㇽ れㇾ ろㇿ ゎわ ㄅㆠ ㄆㆴ ㄊㆵ ㄍㆣㆻ ㄎㆶ ㄏㆷ ㄐㆢ ㄗㆡ ㄚㆩ ㄛㆧ ㄜㄮ ㄞㆮ ㄠㆯ ㄧㆪㆳ ㄨㆨㆫ ㆤㆥ ꕘꘐ ꕪꘑ ꕮꘪ ꖇꘒ ꗑꘫ ꣲꣳꣴꣵꣶꣷ ꦫꦬ აⴀ ბⴁ გⴂ',
  'დⴃ ეⴄ ვⴅ ზⴆ თⴇ იⴈ კⴉ ლⴊ მⴋ ნⴌ ოⴍ პⴎ ჟⴏ რⴐ სⴑ ტⴒ უⴓ ფⴔ ქⴕ ღⴖ ყⴗ შⴘ ჩⴙ ცⴚ ძⴛ წⴜ ჭⴝ ხⴞ ჯⴟ ჰⴠ ჱⴡ ჲⴢ ჳⴣ ჴⴤ ჵⴥ',
];

/** Letters that stand for several, or for one with a mark, of other scripts. */
const compound = [
  'ʥ=dʑ ʤ=dʒ װ=וו ױ=וי ײ=יי ᛯ=ᛗᛗ ᛰ=ᚦᚦ ᛮ=ᛅᛚ \ud7a4=ᄓᅡ ᧞=ᦜᦶ ꘘ=ꕘꘌ ꘞ=ꗑꘌ',
  'ൿ=ക ൺ=ണ ൻ=ന ൎ=ര ർ=ര ൽ=ല ൾ=ള ꭦ=dʐ ꭧ=tʂ \u0c5d=న \u0cdd=ನ ൔ=മ ൕ=യ ൖ=ഴ ৎ=ত ༀ=ཨ ᤝ=ᤈ ᤞ=ᤋ',
];

/** Beside marks and control characters: what has no weight. */
const weightless = 'ـߺࠤࠨ᠊᳓ᳲᳳﹳ۞';

const folded: ReadonlyMap<string, string> = new Map([
  ...[...alike, ...beyond].flatMap((line) => line.split(' ')).flatMap(lettersOf),
  ...compound.flatMap((line) => line.split(' ')).map((word): [string, string] => [word.split('=')[0] ?? '', word.split('=')[1] ?? '']),
  ...Array.from(weightless, (letter): [string, string] => [letter, '']),
]);

/** `abcd` and so on: what stands in front, a letter or some of ascii, is what the rest gives. */
function lettersOf(word: string): readonly [string, string][] {
  const head = /^([!-~]+|.)/u.exec(word)?.[0] ?? '';
  return Array.from(word.slice(head.length), (letter) => [letter, head]);
}

/** `tailoring`: of the collation; without, of all that have no language. */
export function foldText(text: string, { letters, alike }: Tailoring = plain): string {
  if (letters === 'bytes') return text.trimEnd();
  // Nearly all keys, at a tenth of the cost.
  if (alike.length === 0 && /^[\x21-\x40\x5b-\x7e]*$/.test(text)) return withoutDoubles(text);
  const known = letters !== 'all' ? text.replace(/[^\0-\uffff]/gu, '\ufffd') : text;
  const bare = tailored(withoutMarks(withoutMarks(known.replaceAll('\u037a', 'ι')).toLowerCase()), alike);
  const folded = tailored(bare.replace(/[^\0-\x7f]/gu, letterOf), alike);
  // ŀ, taken apart, is l and a dot; ᾳ is αι to some; a hamza may stand before or behind. A byte without a character may be two here: its
  // mark and itself.
  return withoutDoubles(
    inOrder(folded)
      .replace(/ء/g, '')
      .replace(/l\u00b7/g, 'l')
      .replace(/\ufffd+/g, '\ufffd')
      .replace(letters === 'general' ? /ι/g : /(?<=[αηω])ι+/g, ''),
  ).trimEnd();
}

/**
 * Vowels that are written before their consonant: MariaDB's newer collations take them behind it, of Thai, Lao, New Tai Lue and Tai Viet.
 */
function inOrder(text: string): string {
  return text.replace(
    /([\u0e40-\u0e44\u0ec0-\u0ec4\u19b5-\u19b7\u19ba\uaab5\uaab6\uaab9\uaabb\uaabc])(\u0eab[\u0e99\u0ea1]|[\u0e01-\u0e2e\u0e81-\u0eae\u0edc-\u0edf\u1980-\u19ab\uaa80-\uaaaf])/g,
    '$2$1',
  );
}

/** Before and after letters are taken apart: some rules are for what stood there, some for what comes of it. */
function tailored(text: string, alike: Tailoring['alike']): string {
  return alike.reduce((done, [letters, one]) => done.replace(letters, one), text);
}

/** `ß` is ss to most collations, and s to utf8mb4_general_ci. */
function withoutDoubles(text: string): string {
  return text.includes('ss') ? text.replace(/ss+/g, 's') : text;
}

function withoutMarks(text: string): string {
  return text.normalize('NFKD').replace(/[\p{M}\p{Cc}\p{Cf}]/gu, (mark) => folded.get(mark) ?? '');
}

function letterOf(letter: string): string {
  const known = folded.get(letter);
  if (known !== undefined) return known;
  if (/\p{Nd}/u.test(letter)) return digitOf(letter);
  // Beyond the basic plane; older collations take all of it for one letter.
  if (letter.length > 1) return '\ufffd';
  return letter >= '\u30a1' && letter <= '\u30fd' ? hiraganaOf(letter) : letter;
}

/** Digits of one script stand in a row, from 0. */
function digitOf(letter: string): string {
  const code = letter.codePointAt(0) ?? 0;
  let value = 0;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value += 1;
  return String(value);
}

function hiraganaOf(katakana: string): string {
  const letter = String.fromCharCode(katakana.charCodeAt(0) - 0x60);
  return folded.get(letter) ?? letter;
}
