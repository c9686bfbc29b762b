/** Who is not logged in sees the login and no more. */
import { useQuery } from '@tanstack/react-query';
import { ApiError } from '@lutra/client';
import { call, meKey } from '../api/client.js';
import { MeContext } from '../api/me.js';
import type { Me } from '../api/me.js';
import { Failure } from '../parts/failure.js';
import { useWords } from '../text/context.js';
import { Layout } from './layout.js';
import { Login } from './login.js';

async function whoAmI(): Promise<Me | null> {
  try {
    return await call('GET /api/v1/me', {});
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

export function Door() {
  const { t } = useWords();
  const me = useQuery({ queryKey: meKey, queryFn: whoAmI, staleTime: Number.POSITIVE_INFINITY });
  if (me.data)
    return (
      <MeContext value={me.data}>
        <Layout />
      </MeContext>
    );
  if (me.data === null) return <Login onDone={() => void me.refetch()} />;
  return (
    <main className="door">
      {me.error ? (
        <Failure error={me.error} onRetry={() => void me.refetch()} />
      ) : (
        <p className="loading" role="status">
          {t.common.loading}
        </p>
      )}
    </main>
  );
}
