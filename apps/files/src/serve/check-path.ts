/** Which paths are followed at all, whatever the file system makes of them. */
import { SyncError } from '@lutra/model';

const mostBytes = 4_096;
const mostSegmentBytes = 255;

/** @throws SyncError FILE_PATH_INVALID */
export function checkPath(path: string): void {
  const why = trouble(path);
  if (why === null) return;
  throw new SyncError('FILE_PATH_INVALID', `the path ${JSON.stringify(path.slice(0, 300))} is not followed: ${why}`, { details: { path } });
}

function trouble(path: string): string | null {
  if (!path.isWellFormed()) return 'it is not Unicode';
  // oxlint-disable-next-line no-control-regex -- these are what it looks for
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'it has a control character';
  if (Buffer.byteLength(path) > mostBytes) return `it has more than ${mostBytes} bytes`;
  for (const segment of path.split('/')) {
    if (segment === '') return path.startsWith('/') ? 'it is absolute' : 'it has an empty part';
    if (segment === '.' || segment === '..') return `it has a part ${segment}`;
    if (segment === '.lutra') return '.lutra is what Lutra keeps for itself';
    if (Buffer.byteLength(segment) > mostSegmentBytes) return `it has a part of more than ${mostSegmentBytes} bytes`;
  }
  return null;
}
