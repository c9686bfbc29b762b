/**
 * What folded-text.ts needs to know of letters that hardly stand in a key: letters beyond the basic plane and small letters above others,
 * with what some collation takes each for. Made from the weights of MySQL 9.7 and MariaDB 11.4, and held to them by
 * folded-text.integration.test.ts. In words: a letter, or some of ascii, and what gives it.
 */
export const beyond: readonly string[] = [
  '0𐆊𖺀𝋠🄋🄌 1𐄇𐅂𐅘𐅙𐅚𐋡𐌠𐏑𐡘𐡹𐢧𐣻𐤖𐧀𐩀𐩽𐪝𐫫𐭘𐭸𐮩𐳺𐹠𐼝𐽑𐿅𑁒𑇡𑱚𒐕𒐞𒐬𒐴𒑏𒑘𖺁𖺔𝋡𝍠𝍲𝍷𞣇𞱱𞲣𞲱𞴁 2𐄈𐅛𐅜𐅝𐅞𐋢𐏒𐡙𐡺𐢨𐤚𐧁𐩁𐭙𐭹𐮪𐹡𐼞𐿆𑁓𑇢𑱛𒐀𒐖𒐟𒐣𒐭𒐵𒑊𒑐𒑖𒑙𖺂𖺕𝋢𝍡𝍳𞣈𞱲𞲤𞲲𞴂𞴯',
  '3𐄉𐋣𐡚𐡻𐢩𐤛𐧂𐩂𐭚𐭺𐮫𐹢𐼟𐿇𑁔𑇣𑱜𒐁𒐈𒐗𒐠𒐤𒐥𒐮𒐯𒐶𒐷𒐺𒐻𒑋𒑑𒑗𖺃𖺖𝋣𝍢𝍴𞣉𞱳𞲥𞴃𞴰 4𐄊𐋤𐡼𐢪𐢫𐧃𐩃𐭛𐭻𐮬𐹣𐼠𐿈𑁕𑇤𑱝𒐂𒐉𒐏𒐘𒐡𒐦𒐰𒐸𒐼𒐽𒐾𒐿𒑌𒑒𒑓𒑩𖺄𝋤𝍣𝍵𞣊𞱴𞲦𞴄𞴱 5𐄋𐅃𐅈𐅏𐅟𐅳𐋥𐌡𐡽𐢬𐣼𐧄𐫬𐳻𐹤𐼡𑁖𑇥𑱞𒐃𒐊𒐐𒐙𒐢𒐧𒐱𒐹𒑍𒑔𒑕𒑪𖺅𝋥𝍤𝍶𝍸𞣋𞱵𞲧𞴅𞴲',
  '6𐄌𐋦𐧅𐹥𑁗𑇦𑱟𒐄𒐋𒐑𒐚𒐨𒑀𒑎𒑫𖺆𝋦𝍥𞣌𞱶𞲨𞴆𞴳 7𐄍𐋧𐧆𐹦𑁘𑇧𑱠𒐅𒐌𒐒𒐛𒐩𒑁𒑂𒑃𒑬𖺇𝋧𝍦𞣍𞱷𞲩𞴇𞴴 8𐄎𐋨𐧇𐹧𑁙𑇨𑱡𒐆𒐍𒐓𒐜𒐪𒑄𒑅𒑭𖺈𝋨𝍧𞣎𞱸𞲪𞴈𞴵 9𐄏𐋩𐧈𐹨𑁚𑇩𑱢𒐇𒐎𒐔𒐝𒐫𒑆𒑇𒑈𒑉𒑮𖺉𝋩𝍨𞣏𞱹𞲫𞴉𞴶 a\u0363\u1dd3\u1df2🅐🅰 aa𐞀 ab🆎',
  'ae\u1dd4 ao\u1dd5 av\u1dd6 b\u1de8🅑🅱 c\u0368\u1dd7🅒🅲 cl🆑 d\u0369\u1dd8\u1dd9🅓🅳🆥 e\u0364🅔🅴 f\u1deb🅕🅵 g\u1acc\u1dda🅖🅶 h\u036a🅗🅷 hc🆦',
  'i\u0365🅘🅸 ic🆋 id🆔 j🅙🅹 k\u1ddc🅚🅺 l\u1ddd🅛🅻 m\u036b🅜🅼 n\u1de0🅝🅽 ng🆖 o\u0366\u1ded\u1df3🅞🅾 ok🆗 p\u1dee🅟🅿🆊 pa🆌 q🅠🆀',
  'r\u036c\u1acd\u1dca\u1de3🅡🆁 s\u1de4\u1de5🅢🆂 sa🆍 t\u036d\u1ace🅣🆃 u\u0367\u1df0\u1df4🅤🆄 v\u036e🅥🆅 vs🆚 w\u1abf\u1df1🅦🆆 wc🆏 x\u036f🅧🆇 y🅨🆈',
  'z\u1de6🅩🆉 ɑ\u1de7 ə\u1dea ɢ\u1ddb ɴ\u1de1 ʀ\u1de2 ʃ\u1def ʍ\u1ac0 ʟ\u1dde ʩ𝼀 а\u2df6 б\u2de0 в\u2de1 г\u2de2 д\u2de3 е\u2df7 ж\u2de4',
  'з\u2de5 и\ua675 к\u2de6 л\u2de7 м\u2de8 н\u2de9 о\u2dea п\u2deb р\u2dec с\u2ded т\u2dee у\ua677 ф\ua69e х\u2def ц\u2df0 ч\u2df1 ш\u2df2',
  'щ\u2df3 ъ\ua678 ы\ua679 ь\ua67a ю\u2dfb є\ua674 і\ua676 ѡ\ua67b ѣ\u2dfa ѥ\ua69f ѧ\u2dfd ѫ\u2dfe ѭ\u2dff ѳ\u2df4 ဣ၏ ဧဨ ᨦ\u1a58\u1a59',
  'ᨻ\u1a5a\u1a5b ᲈ\u2df9 ᴍ\u1ddf ゐ𛅐𛅤 ゑ𛅑𛅥 を𛅒𛅦 ん𛅧 ꙉ\u2df8 ꙗ\u2dfc ꝯ\u1dd2 ꞵ\u1de9 ꬸ\u1dec',
];
