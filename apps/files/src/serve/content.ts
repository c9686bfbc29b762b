/**
 * GET and HEAD of what a URL names: a file, or files one behind the other. Only ever bytes of the very versions that were hashed: each file
 * is looked at before its first byte is sent and before its last ones are, and the connection is cut where it was written to meanwhile.
 * 403: the URL has expired · 404: a pack that is not kept any more · 412: a file is another version, or gone.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { openToken } from '@lutra/files';
import type { BlobToken, FilesKeys } from '@lutra/files';
import type { Packs } from './packs.js';
import type { OpenFile, Root } from './root.js';
import { pathOf, sameStamp, stampOf } from './root.js';
import { rangeOf, slicesOf } from './slices.js';
import type { Slice } from './slices.js';
import { readBeside } from './small-files.js';

export interface ContentDeps {
  readonly keys: FilesKeys;
  readonly roots: ReadonlyMap<string, Root>;
  readonly packs: Packs;
  /** Bytes that were sent, now and then. */
  sent(root: string, bytes: number): void;
}

/** What a URL names. */
interface Content {
  readonly files: readonly BlobToken[];
  /** Of all of it, where it is known. */
  readonly sha256: string | null;
}

/** Of small files that are sent together. */
const pieceBytes = 512 * 1024;
/** Of a large file: 16 connections may ask for each of several files, and each holds one piece, plain and encrypted. */
const largePieceBytes = 256 * 1024;

export class ContentServer {
  readonly #deps: ContentDeps;

  constructor(deps: ContentDeps) {
    this.#deps = deps;
  }

  /** @throws SyncError FILES_REFUSED: the URL is none of ours */
  async answer(kind: 'blob' | 'pack', token: string, to: { request: IncomingMessage; response: ServerResponse }): Promise<void> {
    const { request, response } = to;
    const content = this.#contentOf(kind, token);
    if (typeof content === 'number') return void response.writeHead(content).end();
    const sizes = content.files.map(({ stamp }) => Number(stamp[2]));
    const size = sizes.reduce((sum, each) => sum + each, 0);
    const range = rangeOf(request.headers.range, size);
    if (range === 'unsatisfiable') return void response.writeHead(416, { 'Content-Range': `bytes */${size}` }).end();
    const { start, end } = range ?? { start: 0, end: size };
    const slices = slicesOf(sizes, start, end);
    // Nothing was promised yet: what has moved by now is told, not cut.
    const first = await this.#openFirst(content, slices);
    if (first === 'moved') return void response.writeHead(412).end();
    try {
      response.writeHead(range ? 206 : 200, {
        'Content-Type': 'application/octet-stream',
        'Content-Length': end - start,
        'Accept-Ranges': 'bytes',
        'Cache-Control': 'no-store',
        ...(range && { 'Content-Range': `bytes ${start}-${end - 1}/${size}` }),
        ...(content.sha256 !== null && { Digest: `SHA-256=${Buffer.from(content.sha256, 'hex').toString('base64')}` }),
      });
      if (request.method === 'HEAD') return void response.end();
      const isWhole = await this.#send(content, { slices, first }, response);
      if (isWhole) response.end();
      else response.destroy();
    } finally {
      await first?.handle.close().catch(() => undefined); // it was read: closed already
    }
  }

  /** A number: the status of the answer. */
  #contentOf(kind: 'blob' | 'pack', token: string): Content | number {
    const { keys, packs } = this.#deps;
    if (kind === 'blob') {
      const file = openToken(keys, token, kind);
      return file ? { files: [file], sha256: file.sha256 } : 403;
    }
    const pack = openToken(keys, token, kind);
    if (!pack) return 403;
    const files = packs.of(pack.id);
    return files ? { files, sha256: null } : 404;
  }

  /** Of an empty file too, which has no slice. */
  async #openFirst({ files }: Content, slices: readonly Slice[]): Promise<OpenFile | null | 'moved'> {
    const file = files[slices[0]?.index ?? 0];
    return file ? ((await this.#open(file)) ?? 'moved') : null;
  }

  /** Null: it is another version, or gone. */
  async #open({ root: name, path, trash, stamp }: BlobToken): Promise<OpenFile | null> {
    const root = this.#deps.roots.get(name);
    const file = (await (trash ? root?.openTrash(path) : root?.open(path))) ?? null;
    if (!file || sameStamp(file.stat.stamp, stamp)) return file;
    await file.handle.close();
    return null;
  }

  /** False: a file has moved, or the client is gone. */
  async #send(
    { files }: Content,
    { slices, first }: { readonly slices: readonly Slice[]; readonly first: OpenFile | null },
    response: ServerResponse,
  ): Promise<boolean> {
    for (const [number, some] of batchesOf(files, slices).entries()) {
      const [slice] = some;
      const token = files[slice.index];
      if (!token) return false;
      if (isSmall(token)) {
        if (!(await this.#sendSmall(files, some, response))) return false;
        continue;
      }
      const file = number === 0 ? first : await this.#open(token);
      if (!file) return false;
      try {
        if (!(await this.#sendSlice(file, slice, response))) return false;
      } finally {
        await file.handle.close();
      }
      this.#deps.sent(token.root, slice.to - slice.from);
    }
    return true;
  }

  /** In one piece, and only if all of them are what was hashed. */
  async #sendSmall(files: readonly BlobToken[], slices: readonly Slice[], response: ServerResponse): Promise<boolean> {
    const wanted = slices.flatMap(({ index, from, to }) => {
      const token = files[index];
      const root = this.#deps.roots.get(token?.root ?? '');
      return token && root ? [{ root: root.path, path: pathOf(token), stamp: token.stamp, from, to }] : [];
    });
    if (wanted.length < slices.length || response.destroyed) return false;
    const bytes = await readBeside(wanted);
    if (bytes.length === 0 || response.destroyed) return false;
    this.#deps.sent(files[slices[0]?.index ?? 0]?.root ?? '', bytes.length);
    return taken(bytes, response);
  }

  /**
   * Its last piece is held back until the file was looked at again. Counter-example: cut after all was written, the client has had the
   * whole of it already and sees nothing wrong.
   */
  async #sendSlice({ handle, stat }: OpenFile, { from, to }: Slice, response: ServerResponse): Promise<boolean> {
    // The next piece is read into it when this one is with the system. Counter-example: a buffer for each piece is garbage that only a
    // collection frees, and hundreds of megabytes of it lay there before one came.
    const buffer = Buffer.allocUnsafeSlow(Math.min(largePieceBytes, to - from));
    for (let at = from; at < to;) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, to - at), at);
      if (bytesRead === 0 || response.destroyed) return false;
      at += bytesRead;
      if (at === to && !sameStamp(await stampOf(handle), stat.stamp)) return false;
      if (!(await taken(buffer.subarray(0, bytesRead), response))) return false;
    }
    return true;
  }
}

type Batch = readonly [Slice, ...Slice[]];

/** Small files are read together, up to a piece; a large one is a batch of its own. */
function batchesOf(files: readonly BlobToken[], slices: readonly Slice[]): readonly Batch[] {
  const batches: [Slice, ...Slice[]][] = [];
  let bytes = Infinity;
  for (const slice of slices) {
    const size = slice.to - slice.from;
    const token = files[slice.index];
    const fits = token !== undefined && isSmall(token) && bytes + size <= pieceBytes;
    if (fits) batches.at(-1)?.push(slice);
    else batches.push([slice]);
    if (fits) bytes += size;
    else bytes = token && isSmall(token) ? size : Infinity;
  }
  return batches;
}

function isSmall({ stamp }: BlobToken): boolean {
  return Number(stamp[2]) <= pieceBytes;
}

/** Resolves when the system has these bytes, and they may be written over. False: nobody takes them any more. */
async function taken(bytes: Uint8Array, response: ServerResponse): Promise<boolean> {
  if (response.destroyed) return false;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const closed = (): void => resolve(false);
  response.once('close', closed);
  response.write(bytes, (error) => resolve(!error));
  try {
    return await promise;
  } finally {
    response.off('close', closed);
  }
}
