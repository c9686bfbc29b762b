/**
 * Why two sides do not come to terms about TLS, told apart so that each is told with its own fix. By Node's code; mysql2 writes one
 * code of its own over all of them, so for it by the texts of OpenSSL and Node, which are fixed
 * (https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/).
 */
export type TlsFault = 'authority' | 'expired' | 'not yet valid' | 'name' | 'no TLS' | 'client certificate';

const byCode: readonly (readonly [RegExp, TlsFault])[] = [
  [/^CERT_HAS_EXPIRED$/, 'expired'],
  [/^CERT_NOT_YET_VALID$/, 'not yet valid'],
  [/^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/, 'name'],
  [/^(HANDSHAKE_NO_SSL_SUPPORT|ERR_SSL_WRONG_VERSION_NUMBER)$/, 'no TLS'],
  [
    /^ERR_SSL_.*ALERT_(BAD_CERTIFICATE|CERTIFICATE_(REQUIRED|EXPIRED|REVOKED|UNKNOWN)|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA)$/,
    'client certificate',
  ],
  [/^(CERT_|ERR_TLS_CERT|UNABLE_TO_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED_CERT|INVALID_CA|INVALID_PURPOSE)/, 'authority'],
];

const byText: readonly (readonly [RegExp, TlsFault])[] = [
  [/^certificate has expired/, 'expired'],
  [/^certificate is not yet valid/, 'not yet valid'],
  [/^Hostname\/IP does not match certificate's altnames/, 'name'],
  [/^(self-signed certificate|self signed certificate|unable to (verify|get) |certificate signature failure|invalid CA)/, 'authority'],
  [/wrong version number/, 'no TLS'],
];

interface Failed {
  readonly code: string;
  readonly message: string;
}

/** @returns null for anything else, a connection that was lost in the handshake included */
export function tlsFault({ code, message }: Failed): TlsFault | null {
  const known = byCode.find(([pattern]) => pattern.test(code));
  if (known) return known[1];
  return code === 'HANDSHAKE_SSL_ERROR' ? (byText.find(([pattern]) => pattern.test(message))?.[1] ?? null) : null;
}

/** What is wrong, and what to do about it. */
export const tlsTexts: Readonly<Record<TlsFault, { readonly what: string; readonly help: string }>> = {
  authority: {
    what: "TLS: the server's certificate is not of the authority in tls.ca (without tls.ca: of none that the system knows)",
    help: "Put the PEM of the authority that signed the server's certificate into tls.ca (MySQL's own is ca.pem in its data directory, a self-signed certificate is its own authority).",
  },
  expired: { what: "TLS: the server's certificate has expired", help: 'Renew the certificate at the server.' },
  'not yet valid': {
    what: "TLS: the server's certificate is not valid yet",
    help: 'Set the clocks of both machines right, or renew the certificate at the server.',
  },
  name: {
    what: "TLS: the server's certificate is not for the host by which it is called",
    help: 'Name the server as its certificate does, or have one made for this host.',
  },
  'no TLS': {
    what: 'TLS: the server offers none on this port',
    help: 'Switch TLS on at the server, or name its TLS port. To do without it, where nobody can listen: for a database, tls: {mode: "off"}; for Kafka, take tls out.',
  },
  'client certificate': {
    what: 'TLS: the server wants a certificate of ours, or does not accept the one that it is shown',
    help: 'Give cert and key in kafka.tls of the region: valid today, and of an authority that the server trusts.',
  },
};
