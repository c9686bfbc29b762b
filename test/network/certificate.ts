/**
 * Certificates for tests, signed by themselves: of a name, and of a time (`openssl req` knows no beginning). Their files go with the
 * process.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
  readonly keyFile: string;
  readonly certFile: string;
}

export interface CertificateOptions {
  /** As openssl writes them. */
  readonly names?: string;
  /** MySQL 8.0.15 takes no other than RSA, which is slow to make. */
  readonly rsa?: true;
  /** YYMMDDHHMMSSZ */
  readonly from?: string;
  readonly to?: string;
}

export function selfSigned({
  rsa,
  names = 'IP:127.0.0.1',
  from = '200101000000Z',
  to = '491231000000Z',
}: CertificateOptions = {}): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'lutra-certificate-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const at = (name: string): string => join(folder, name);
  writeFileSync(at('database'), '');
  writeFileSync(
    at('config'),
    `[ca]\ndefault_ca = one\n[one]\ndatabase = ${at('database')}\nnew_certs_dir = ${folder}\nrand_serial = yes\ndefault_md = sha256\npolicy = any\nx509_extensions = names\n[any]\ncommonName = supplied\n[names]\nsubjectAltName = ${names}\nbasicConstraints = CA:TRUE\n`,
  );
  const openssl = (...args: readonly string[]): Buffer => execFileSync('openssl', args, { stdio: 'pipe' });
  openssl(
    'req',
    '-new',
    ...(rsa ? ['-newkey', 'rsa:2048'] : ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']),
    '-nodes',
    '-keyout',
    at('key.pem'),
    '-out',
    at('request'),
    '-subj',
    '/CN=test',
  );
  const days = ['-startdate', from, '-enddate', to];
  const files = ['-keyfile', at('key.pem'), '-in', at('request'), '-out', at('cert.pem')];
  openssl('ca', '-config', at('config'), '-selfsign', '-batch', '-notext', ...days, ...files);
  const [keyFile, certFile] = [at('key.pem'), at('cert.pem')];
  return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8'), keyFile, certFile };
}
