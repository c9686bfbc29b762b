/** By name and password, or by the organisation's identity provider where one is configured. */
import { ApiError } from '@lutra/client';
import { useState } from 'react';
import type { SyntheticEvent } from 'react';
import { call, useRead } from '../api/client.js';
import { Failure } from '../parts/failure.js';
import { TextField } from '../parts/field.js';
import { useWords } from '../text/context.js';
import { LanguageField, ThemeField } from './theme.js';

export function Login({ onDone }: { readonly onDone: () => void }) {
  const { t } = useWords();
  return (
    <main className="door">
      <div className="door-card">
        <img src={new URL('../icon.svg', import.meta.url).href} alt="" width="40" height="40" />
        <h1>{t.login.title}</h1>
        <PasswordForm onDone={onDone} />
        <ProviderLink />
        <p className="hint">{t.login.first}</p>
      </div>
      <div className="row">
        <LanguageField />
        <ThemeField />
      </div>
    </main>
  );
}

function PasswordForm({ onDone }: { readonly onDone: () => void }) {
  const { t } = useWords();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    try {
      await call('POST /api/v1/auth/login', { body: { name, password } });
      onDone();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <TextField label={t.login.name} value={name} onChange={setName} complete="username" required />
      <TextField label={t.login.password} type="password" value={password} onChange={setPassword} complete="current-password" required />
      {error !== undefined && <LoginFailure error={error} />}
      <button type="submit" className="button primary" aria-disabled={isBusy}>
        {t.login.submit}
      </button>
    </form>
  );
}

function LoginFailure({ error }: { readonly error: unknown }) {
  const { t } = useWords();
  if (!(error instanceof ApiError) || error.status !== 401) return <Failure error={error} />;
  return (
    <p className="report bad" role="alert">
      {t.login.wrong}
    </p>
  );
}

/** A link and no request: the provider's pages are another site. */
function ProviderLink() {
  const { t } = useWords();
  const provider = useRead('GET /api/v1/auth/oidc', {});
  if (provider.data?.configured !== true) return null;
  const returnTo = `${location.pathname}${location.search}`;
  return (
    <a className="button" href={`/api/v1/auth/oidc/start?returnTo=${encodeURIComponent(returnTo)}`}>
      {t.login.oidc}
    </a>
  );
}
