/** Who is logged in, language, colours, and the way out. */
import { useState } from 'react';
import { queries, meKey, write } from '../api/client.js';
import { useMe } from '../api/me.js';
import { Button } from '../parts/button.js';
import { Dialog } from '../parts/dialog.js';
import { useWords } from '../text/context.js';
import { LanguageField, ThemeField } from './theme.js';

export function Account() {
  const { t } = useWords();
  const me = useMe();
  const [isOpen, setOpen] = useState(false);
  const leave = async (): Promise<void> => {
    await write('POST /api/v1/auth/logout', {}).catch(() => undefined);
    queries.clear();
    queries.setQueryData(meKey, null);
  };
  return (
    <>
      <Button look="quiet" onPress={() => setOpen(true)}>
        {me.name}
      </Button>
      {isOpen && (
        <Dialog title={me.name} onClose={() => setOpen(false)}>
          <div className="stack">
            <p>{me.grants.map(({ role, channels }) => `${role} (${channels})`).join(', ')}</p>
            <LanguageField />
            <ThemeField />
            <div className="row end">
              {/* Of this machine alone there is no session to end. */}
              {me.kind !== 'local' && <Button onPress={() => void leave()}>{t.login.logout}</Button>}
              <Button look="primary" onPress={() => setOpen(false)}>
                {t.common.close}
              </Button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}
