/**
 * Texts as SQL, by the character set of their column. The naive way writes each as a text of the connection; counter-examples: sjis gives
 * `\\` other bytes than its column has, and what has no character of its own comes from no text at all.
 */
import { textCodec } from '@lutra/model';
import type { LiteralForm } from './literal-form.js';

/** ISO 646: what has the same byte in every character set. */
const invariant = /^[A-Za-z0-9 !"%&'()*+,./:;<=>?_-]*$/;

/** In the column's own character set, by its bytes, where the server's way from Unicode could end at others, or nowhere. */
export function textIn(charset: string | undefined, form: LiteralForm): (value: string) => string | null {
  const codec = charset === undefined ? undefined : textCodec(charset);
  const asText = (value: string): string | null => (value.isWellFormed() ? form.text(value) : null);
  if (!codec) return asText;
  // Without strict mode a server cuts off what it finds no ascii, without an error; what is not well-formed elsewhere is one in each
  // session.
  const cut = charset === 'ascii' && !form.own;
  const asBytes = (value: string): string | null => {
    const bytes = cut && codec.escaped(value) ? null : codec.encode(value);
    return bytes && form.encoded(bytes, charset as string);
  };
  return (value) => ((codec.plain ? !codec.escaped(value) : invariant.test(value)) ? asText(value) : asBytes(value));
}

/**
 * In a declared value: a character beyond the basic plane, or an escape. information_schema shows a question mark, or another sequence's.
 */
export const hidden = /\u{10ffff}?[\u{10000}-\u{10ffff}]/u;

/** Whether the target has a hidden value is not known; without strict mode it would store '' for it. */
export function memberIn(charset: string | undefined, form: LiteralForm): (value: string) => string | null {
  const write = textIn(charset, form);
  return form.own || form.knowsMembers === true ? write : (value) => (hidden.test(value) ? null : write(value));
}
