/** Who is logged in, and what he may do: the console asks the same table of roles as the API. */
import type { Answer } from '@lutra/client';
import { createContext, useContext } from 'react';
import { useWords } from '../text/context.js';

export type Me = Answer<'GET /api/v1/me'>;

/** As /api/v1/me names them. */
export type Right =
  | 'channel.read'
  | 'channel.run'
  | 'channel.recover'
  | 'channel.operate'
  | 'channel.seed'
  | 'channel.write'
  | 'plan.apply'
  | 'endpoint.check'
  | 'endpoint.prepare'
  | 'access.write'
  | 'audit.read';

export const MeContext = createContext<Me | null>(null);

export function useMe(): Me {
  const me = useContext(MeContext);
  if (!me) throw new Error('nobody is logged in here');
  return me;
}

/** null: allowed. Else why not. With `some`, control decides by the channel: it is tried. */
export function useRefusal(right: Right): string | null {
  const me = useMe();
  const { t } = useWords();
  return (me.actions[right] ?? 'no') === 'no' ? t.you.notAllowed(right) : null;
}

export function isReadOnly(me: Me): boolean {
  const changing: readonly Right[] = ['channel.run', 'channel.recover', 'channel.operate', 'channel.seed', 'channel.write'];
  return changing.every((right) => (me.actions[right] ?? 'no') === 'no');
}
