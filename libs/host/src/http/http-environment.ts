/** What every app is told about its HTTP port, beside HOST and PORT. */
import { SyncError } from '@lutra/model';
import { tokenOf } from './metrics-access.js';
import type { TlsPaths } from './tls-files.js';

export interface HttpEnvironment {
  /** null: HTTP without TLS. */
  readonly tls: TlsPaths | null;
  readonly metricsOpen: boolean;
  readonly metricsToken: string | undefined;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** An empty variable is what a compose file passes on when nobody set it. @throws SyncError CONFIG_INVALID */
export function readHttpEnvironment(variables: Variables): HttpEnvironment {
  const { LUTRA_TLS_CERT: certFile, LUTRA_TLS_KEY: keyFile, METRICS_OPEN: open = '' } = variables;
  if (!certFile !== !keyFile) throw invalid('LUTRA_TLS_CERT and LUTRA_TLS_KEY belong together; one is not set');
  if (!['', 'true', 'false'].includes(open)) throw invalid('METRICS_OPEN: true or false');
  return {
    tls: certFile && keyFile ? { certFile, keyFile } : null,
    metricsOpen: open === 'true',
    metricsToken: tokenOf(variables, 'LUTRA_METRICS_TOKEN'),
  };
}

function invalid(message: string): SyncError {
  return new SyncError('CONFIG_INVALID', `environment: ${message}`);
}
