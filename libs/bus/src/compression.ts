/**
 * Compression of record batches. zstd at level 1 is the default: the ratio of gzip at a fraction of its CPU, and it runs beside the
 * main thread (docs/decisions/0003-kafka-client.md has the numbers). Whatever a batch was written with can be read.
 */
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { compressionsAlgorithms, compressionsAlgorithmsByBitmask } from '@platformatic/kafka';
import { SyncError } from '@lutra/model';

export type Compression = 'none' | 'gzip' | 'lz4' | 'zstd';

/** The bits in a batch's attributes. */
export const compressionBits: Readonly<Record<Compression, number>> = { none: 0, gzip: 1, lz4: 3, zstd: 4 };
export const compressionMask = 0b111;

/** Below this the work costs more than the bytes: a call of zstd takes 25 to 40 µs on either side, whatever the size. */
export const minCompressedBytes = 8 * 1024;
/** Below this a hop to another thread costs more than the work. */
const inlineBytes = 16 * 1024;
/** More than an ordinary batch has: what gives more is worked on beside the main thread. */
const inlineOutputBytes = 1024 * 1024;
/** Of large ones: the usual 16 KiB would be thousands of pieces. */
const chunkSize = 1024 * 1024;
/** Of ordinary ones, whose compressed size is a tenth: as few pieces as that, for each is a hop to another thread, or a copy. */
const pieceOf = (bytes: number): number => Math.min(chunkSize, Math.max(16 * 1024, bytes));

const zstdOptions: { params: Record<number, number>; chunkSize?: number } = { params: { [zlib.constants.ZSTD_c_compressionLevel]: 1 } };
const gzipOptions = { level: 1 };
const zstd = promisify<Buffer, typeof zstdOptions, Buffer>(zlib.zstdCompress);
const unzstd = promisify<Buffer, { chunkSize: number }, Buffer>(zlib.zstdDecompress);
const gzip = promisify<Buffer, typeof gzipOptions, Buffer>(zlib.gzip);

export function compress(data: Buffer, compression: Compression): Buffer | Promise<Buffer> {
  const inline = data.length < inlineBytes;
  switch (compression) {
    case 'none':
      return data;
    case 'zstd':
      if (inline) return zlib.zstdCompressSync(data, zstdOptions);
      return zstd(data, { ...zstdOptions, chunkSize: pieceOf(Math.ceil(data.length / 4)) });
    case 'gzip':
      return inline ? zlib.gzipSync(data, gzipOptions) : gzip(data, gzipOptions);
    case 'lz4':
      return compressionsAlgorithms.lz4.compressSync(data);
  }
}

/**
 * A promise only for what is large.
 * @throws SyncError RECORD_INVALID when the bytes are not what their attributes say
 */
export function decompress(data: Buffer, bits: number, offset: number): Buffer | Promise<Buffer> {
  if (bits === 0) return data;
  const algorithm = compressionsAlgorithmsByBitmask[bits];
  if (!algorithm) throw new SyncError('RECORD_INVALID', `offset ${offset}: unknown compression ${bits}`, { details: { offset } });
  try {
    return bits === compressionBits.zstd ? decompressZstd(data, offset) : algorithm.decompressSync(data);
  } catch (error) {
    throw damaged(offset, error);
  }
}

/** How large it will be is not known: some bytes may be a text of 64 MiB. */
function decompressZstd(data: Buffer, offset: number): Buffer | Promise<Buffer> {
  try {
    if (data.length <= inlineOutputBytes)
      return zlib.zstdDecompressSync(data, { maxOutputLength: inlineOutputBytes, chunkSize: pieceOf(8 * data.length) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw error;
  }
  return unzstd(data, { chunkSize }).catch((error: unknown) => {
    throw damaged(offset, error);
  });
}

function damaged(offset: number, cause: unknown): SyncError {
  return new SyncError('RECORD_INVALID', `offset ${offset}: the batch does not decompress`, { cause, details: { offset } });
}
