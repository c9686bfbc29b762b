import { Page } from '../parts/page.js';
import { useWords } from '../text/context.js';

export function NewChannel() {
  const { t } = useWords();
  return (
    <Page title={t.nav.newChannel} about={t.walk.about}>
      <p>…</p>
    </Page>
  );
}
