import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TextCodec } from './codec.js';
import { supportedCharsets, textCodec } from './text-codec.js';

const codec = (charset: string): TextCodec => textCodec(charset)!;
const decoded = (charset: string, hex: string): string | null => codec(charset).decode(Buffer.from(hex, 'hex'));
const encoded = (charset: string, text: string): string | undefined => codec(charset).encode(text)?.toString('hex');

describe('a character set', () => {
  it('gives any bytes back, and each another text', () => {
    // UTF-16 and the like take no bytes that are not well-formed
    const charsets = fc.constantFrom(...supportedCharsets);
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.array(fc.constantFrom(0x20, 0x41, 0x5c, 0x81, 0x8f, 0xa1, 0xed, 0xf4, 0xfe, 0x30, 0x39)).map((all) => Uint8Array.from(all)),
    );
    const property = fc.property(charsets, bytes, (charset, random) => {
      const given = Buffer.from(random);
      const text = codec(charset).decode(given);
      if (text === null) return;
      expect(text.isWellFormed()).toBe(true);
      expect({ charset, hex: encoded(charset, text) }).toEqual({ charset, hex: given.toString('hex') });
    });
    fc.assert(property, { numRuns: 5000 });
  });

  it('takes any text, or none of it', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.constantFrom('a', '漢', '\u{10ffff}', '\u{10d800}', '\u{100081}', '\u{10815f}', '\u{fa1a1}')).map((all) => all.join('')),
    );
    const property = fc.property(fc.constantFrom(...supportedCharsets), text, (charset, given) => {
      const bytes = codec(charset).encode(given);
      if (bytes !== null && codec(charset).plain) expect(codec(charset).decode(bytes)).toBe(given);
    });
    fc.assert(property, { numRuns: 5000 });
  });

  it('reads what its server reads', () => {
    expect(decoded('gbk', 'c4e341')).toBe('你A');
    expect(decoded('gb18030', 'c4e38130813090308130')).toBe('你\u0080\u{10000}');
    expect(decoded('big5', 'a4a4')).toBe('中');
    expect(decoded('cp1251', 'c6f3ea')).toBe('Жук');
    expect(decoded('ujis', '8fb0a1')).toBe('丂');
    expect(decoded('swe7', '5b5d')).toBe('ÄÅ');
    expect(decoded('sjis', '5c8c')).toBe('\\\u{10008c}');
    expect(decoded('utf16le', '3dd800de')).toBe('😀');
    expect(decoded('ucs2', '4f60')).toBe('你');
    expect(decoded('binary', 'c3a4ff')).toBe('ä\u{10ffff}\u{1000ff}');
  });

  it('escapes what has no character, or that of other bytes', () => {
    expect(decoded('cp1251', '98')).toBe('\u{100098}');
    expect(decoded('cp932', 'ed40fa5c')).toBe('\u{10ed40}纊');
    expect(decoded('eucjpms', '8fa1a1')).toBe('\u{fa1a1}');
    expect(decoded('gbk', '81')).toBe('\u{100081}');
    expect(decoded('ucs2', 'd83dde00')).toBe('\u{10ffff}\u{10d83d}\u{10ffff}\u{10de00}');
    expect(decoded('utf32', '0000d800')).toBe('\u{10ffff}\u{10d800}');
    expect(decoded('utf8mb4', 'eda08041')).toBe('\u{10ffff}\u{10d800}A');
    expect(decoded('gb18030', 'fe39fe39')).toBe('\u{10ffff}\u{10fe39}\u{10fe39}');
    expect(codec('cp932').escaped(decoded('cp932', 'ed40')!)).toBe(true);
    expect(codec('cp932').escaped(decoded('cp932', 'fa5c')!)).toBe(false);
  });

  it('doubles the mark where it may be text, so that no text looks like an escape', () => {
    for (const charset of ['utf8mb4', 'utf32', 'gb18030']) {
      const bytes = {
        utf8mb4: 'f48fbfbff48da080',
        utf32: '0010ffff0010d800',
        gb18030: encoded('gb18030', '\u{10ffff}\u{10ffff}\u{10d800}'),
      }[charset]!;
      expect(decoded(charset, bytes)).toBe('\u{10ffff}\u{10ffff}\u{10d800}');
      expect(encoded(charset, '\u{10ffff}\u{10ffff}\u{10d800}')).toBe(bytes);
    }
    expect(decoded('utf16', 'dbffdfff')).toBe('\u{10ffff}');
  });

  it('refuses texts that its bytes never give', () => {
    expect(encoded('cp1251', '漢')).toBeUndefined();
    expect(encoded('cp1251', '\u{1000c6}')).toBeUndefined();
    expect(encoded('cp932', '\u{10fa5c}')).toBeUndefined();
    expect(encoded('utf8mb4', '\u{10ffff}')).toBeUndefined();
    expect(encoded('utf8mb4', '\u{10ffff}\u{100041}')).toBeUndefined();
    expect(encoded('ucs2', '😀')).toBeUndefined();
    expect(encoded('latin1', '\u0080')).toBeUndefined();
    expect(supportedCharsets.map((charset) => encoded(charset, 'a\ud800'))).toEqual(supportedCharsets.map(() => undefined));
  });

  it('is long without much memory beside it, and in a bounded time a character', () => {
    const text = '漢字かなABC'.repeat(50_000);
    for (const charset of ['gbk', 'ujis', 'gb18030', 'utf32', 'ucs2'])
      expect(codec(charset).decode(codec(charset).encode(text)!)).toBe(text);
  });
});
