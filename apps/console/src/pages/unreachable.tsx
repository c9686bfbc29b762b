/** Endpoints that did not answer: what is shown is without them. */
import { useWords } from '../text/context.js';

export function Unreachable({
  at,
}: {
  readonly at: readonly { readonly endpoint: string; readonly code: string; readonly message: string }[];
}) {
  const { t } = useWords();
  return at.map(({ endpoint, code, message }) => (
    <p key={endpoint} className="report warn">
      {t.conflicts.unreachable}: {endpoint} ({code}) {message}
    </p>
  ));
}
