/** Large values, cut so that each piece is worked on in one turn of the event loop. docs/decisions/0024-event-loop.md */

/** Of one turn: of the cheapest work about 10 ms, of the dearest 40. */
const turnBytes = 4 * 1024 * 1024;

/** Of a text, without cutting a pair of surrogates. */
export function* piecesOf(text: string, units = turnBytes / 4): Generator<string> {
  for (let from = 0; from < text.length;) {
    const last = text.charCodeAt(from + units - 1);
    const to = last >= 0xd800 && last < 0xdc00 ? from + units - 1 : from + units;
    yield text.slice(from, to);
    from = to;
  }
}

export function* bytePieces<Bytes extends Uint8Array>(bytes: Bytes, size = turnBytes): Generator<Bytes> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size) as Bytes;
}
