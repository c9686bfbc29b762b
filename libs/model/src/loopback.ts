/** Whether an address as an operator writes it stays on this machine. A name is looked up by nobody here: only `localhost` is known. */
import { isIP } from 'node:net';

/** `host` may carry the brackets that IPv6 has in a URL. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, '$1');
  return address === 'localhost' || address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}
