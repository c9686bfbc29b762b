/** Says that control, or its ZooKeeper, does not answer, and of when the numbers are; and that data goes on. */
import { useLive } from '../api/live.js';
import { useWords } from '../text/context.js';

export function AwayBanner() {
  const { away, asOf } = useLive();
  const { t, format } = useWords();
  return (
    <div role="status" className={away ? 'banner' : 'unseen'}>
      {away && (
        <>
          <strong>{t.away[away]}</strong> {asOf !== null && t.away.since(format.time(asOf))}
        </>
      )}
    </div>
  );
}
