/** The API as hooks: reads are kept and shared by TanStack Query, keyed by operation and input; a write makes all of them be read anew. */
import { ApiError, LutraClient, UnansweredError } from '@lutra/client';
import type { Answer, Input, OperationKey } from '@lutra/client';
import { QueryClient, useQuery } from '@tanstack/react-query';
import type { UseQueryResult } from '@tanstack/react-query';

const client = new LutraClient({ url: '', timeoutMs: 60_000 });

/** A lutra.yaml, where `export` gives JSON to who asks for that. */
const yamlClient = new LutraClient({ url: '', headers: { Accept: 'application/yaml' } });

/** Of an operation that asks for nothing: an empty object. */
type Given<K extends OperationKey> = Omit<Input<K>, 'signal'>;
export type ReadKey = Extract<OperationKey, `GET ${string}`>;

export const queries = new QueryClient({
  defaultOptions: { queries: { retry: false, staleTime: 2_000, refetchOnWindowFocus: true } },
});

export const meKey = ['GET /api/v1/me', {}] as const;

/** Control no longer knows who this is: the console asks who it is, and shows the login. */
function told(error: unknown): never {
  if (error instanceof ApiError && error.status === 401) queries.setQueryData(meKey, null);
  throw error;
}

/** @throws ApiError, UnansweredError */
export async function call<K extends OperationKey>(key: K, input: Given<K> & { readonly signal?: AbortSignal }): Promise<Answer<K>> {
  const [method = 'GET', path = ''] = key.split(' ');
  const { answer } = await client.send(method, path, input).catch(told);
  return answer as Answer<K>;
}

/** As `call`, for what changes something. */
export async function write<K extends OperationKey>(key: K, input: Given<K>): Promise<Answer<K>> {
  try {
    return await call(key, input);
  } finally {
    void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== meKey[0] });
  }
}

/** With the ETag, for what is changed under the condition that nobody else has changed it. */
export async function readVersion<K extends ReadKey>(key: K, input: Given<K>): Promise<{ answer: Answer<K>; etag: string }> {
  const [, path = ''] = key.split(' ');
  const { answer, etag } = await client.send('GET', path, input).catch(told);
  return { answer: answer as Answer<K>, etag: etag ?? '*' };
}

interface ReadOptions {
  /** How often it is asked for again; default: never by itself. */
  readonly everyMs?: number;
  readonly enabled?: boolean;
}

export function useRead<K extends ReadKey>(
  key: K,
  input: Given<K>,
  { everyMs, enabled = true }: ReadOptions = {},
): UseQueryResult<Answer<K>> {
  return useQuery<Answer<K>>({
    queryKey: [key, input],
    queryFn: ({ signal }) => call(key, { ...input, signal }),
    refetchInterval: everyMs ?? false,
    enabled,
  });
}

export function isUnanswered(error: unknown): boolean {
  return error instanceof UnansweredError || (error instanceof ApiError && error.status >= 502);
}

export async function readYaml(): Promise<string> {
  return String((await yamlClient.send('GET', '/api/v1/export').catch(told)).answer);
}
