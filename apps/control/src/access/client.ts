/** From where a request comes, and over what: what a proxy says of it counts only where LUTRA_TRUST_PROXY names the proxy. */
import { BlockList, isIP } from 'node:net';
import type { IncomingMessage } from 'node:http';

export class Clients {
  readonly #proxies = new BlockList();

  /** Addresses, or networks as 10.0.0.0/8. */
  constructor(proxies: readonly string[]) {
    for (const proxy of proxies) {
      const [address = '', bits] = proxy.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      if (bits === undefined) this.#proxies.addAddress(address, family);
      else this.#proxies.addSubnet(address, Number(bits), family);
    }
  }

  /** The nearest one that is no proxy of ours. */
  addressOf(request: IncomingMessage): string {
    const hops = [...listOf(request.headers['x-forwarded-for']), plain(request.socket.remoteAddress ?? '')];
    return hops.findLast((hop, at) => at === 0 || !this.#isProxy(hop)) ?? '';
  }

  /** Over TLS, as far as the one who asks is concerned. */
  isSecure(request: IncomingMessage): boolean {
    if ('encrypted' in request.socket) return true;
    const [proto] = listOf(request.headers['x-forwarded-proto']);
    return proto === 'https' && this.#isProxy(plain(request.socket.remoteAddress ?? ''));
  }

  #isProxy(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#proxies.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }
}

const proxyHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'via'] as const;

/** A proxy says so, whether it is one of ours or not. */
export function cameByProxy({ headers }: IncomingMessage): boolean {
  return proxyHeaders.some((name) => headers[name] !== undefined);
}

/** A network of one household or office: who has one IPv6 address has 2^64 of them. */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail = ''] = address.split('::', 2);
  const groups = head.split(':').filter((group) => group !== '');
  const missing = address.includes('::') ? 8 - groups.length - tail.split(':').filter((group) => group !== '').length : 0;
  const all = [...groups, ...Array.from({ length: missing }, () => '0'), ...tail.split(':')];
  return `${all.slice(0, 4).join(':')}::/64`;
}

function listOf(header: string | readonly string[] | undefined): readonly string[] {
  return [header ?? []]
    .flat()
    .flatMap((text) => text.split(','))
    .map((text) => plain(text.trim()))
    .filter((text) => text !== '');
}

/** An IPv4 address that came over an IPv6 socket. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
