/**
 * GET and HEAD of what a URL names: a file, or files one behind the other. Only ever bytes of the very versions that were hashed: each file
 * is looked at before its first byte and before its last ones are sent, and the connection is cut where it was written to meanwhile. 403: the URL has
 * expired · 404: a pack that is not kept any more · 412: a file is another version, or gone.
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { openToken } from '@lutra/files';
import type { BlobToken, FilesKeys } from '@lutra/files';
import type { Packs } from './packs.js';
import type { OpenFile, Root } from './root.js';
import { sameStamp, stampOf } from './root.js';
import { rangeOf, slicesOf } from './slices.js';
import type { Slice } from './slices.js';

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

const pieceBytes = 512 * 1024;

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
    for (const [number, slice] of slices.entries()) {
      const token = files[slice.index];
      const file = number === 0 ? first : token ? await this.#open(token) : null;
      if (!file || !token) return false;
      try {
        if (!(await this.#sendSlice(file, slice, response))) return false;
      } finally {
        await file.handle.close();
      }
      this.#deps.sent(token.root, slice.to - slice.from);
    }
    return true;
  }

  /**
   * Its last piece is held back until the file was looked at again. Counter-example: cut after all was written, the client has had the
   * whole of it already and sees nothing wrong.
   */
  async #sendSlice({ handle, stat }: OpenFile, { from, to }: Slice, response: ServerResponse): Promise<boolean> {
    for (let at = from; at < to;) {
      // A buffer for each piece: what was written may still be on its way.
      const buffer = Buffer.allocUnsafe(Math.min(pieceBytes, to - at));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0 || response.destroyed) return false;
      at += bytesRead;
      if (at === to && !sameStamp(await stampOf(handle), stat.stamp)) return false;
      if (!response.write(bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead)) && !(await drained(response))) return false;
    }
    return true;
  }
}

/** False: nobody takes it any more. */
async function drained(response: ServerResponse): Promise<boolean> {
  const over = new AbortController();
  const end = (): void => over.abort();
  response.once('close', end);
  try {
    if (response.destroyed) return false;
    await once(response, 'drain', { signal: over.signal });
    return true;
  } catch {
    return false; // closed, or broken: either way it has ended
  } finally {
    response.off('close', end);
  }
}
