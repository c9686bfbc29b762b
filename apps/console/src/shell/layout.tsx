/** Menu, header, banner, and the page of the address. */
import { Component, Suspense, useState } from 'react';
import type { ErrorInfo, ReactNode } from 'react';
import { Link, Route, Switch, useLocation } from 'wouter';
import { LiveContext, useFollow } from '../api/live.js';
import { isReadOnly, useMe } from '../api/me.js';
import { Failure } from '../parts/failure.js';
import { Empty } from '../parts/page.js';
import { Badge } from '../parts/state.js';
import { useWords } from '../text/context.js';
import { Account } from './account.js';
import { AwayBanner } from './away.js';
import { Find } from './find.js';
import { channelPage, newChannelPage, places } from './places.js';

const groups = ['watch', 'data', 'system'] as const;

export function Layout() {
  const live = useFollow();
  const { t } = useWords();
  const [isOpen, setOpen] = useState(false);
  return (
    <LiveContext value={live}>
      <a className="skip" href="#content">
        {t.nav.skip}
      </a>
      <div className="frame">
        <Top isOpen={isOpen} onMenu={() => setOpen(!isOpen)} />
        <Menu isOpen={isOpen} onGo={() => setOpen(false)} />
        <main id="content" tabIndex={-1}>
          <AwayBanner />
          <Pages />
        </main>
      </div>
    </LiveContext>
  );
}

function Top({ isOpen, onMenu }: { readonly isOpen: boolean; readonly onMenu: () => void }) {
  const { t } = useWords();
  const me = useMe();
  return (
    <header className="top">
      <button type="button" className="button quiet menu-button" aria-expanded={isOpen} aria-controls="menu" onClick={onMenu}>
        {t.nav.menu}
      </button>
      <Link href="/" className="brand">
        <img src={new URL('../icon.svg', import.meta.url).href} alt="" width="24" height="24" />
        Lutra
      </Link>
      {isReadOnly(me) && (
        <span title={t.you.readOnlyWhy}>
          <Badge tone="calm" text={t.you.readOnly} />
        </span>
      )}
      <span className="space" />
      <Find />
      <Account />
    </header>
  );
}

function Menu({ isOpen, onGo }: { readonly isOpen: boolean; readonly onGo: () => void }) {
  const { t } = useWords();
  const [path] = useLocation();
  return (
    <nav id="menu" className={isOpen ? 'menu open' : 'menu'} aria-label={t.nav.label}>
      {groups.map((group) => (
        <div key={group}>
          <p className="menu-group">{t.nav.groups[group]}</p>
          <ul>
            {places
              .filter((place) => place.group === group)
              .map((place) => (
                <li key={place.name}>
                  <Link href={place.path} aria-current={isAt(path, place.path) ? 'page' : undefined} onClick={onGo}>
                    {t.nav[place.name]}
                  </Link>
                </li>
              ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

function isAt(path: string, of: string): boolean {
  return of === '/' ? path === '/' : path === of || path.startsWith(`${of}/`);
}

function Pages() {
  const { t } = useWords();
  const [path] = useLocation();
  return (
    <PageBoundary key={path}>
      <Suspense fallback={<p className="loading">{t.common.loading}</p>}>
        <Switch>
          {places.map(({ name, path: at, page }) => (
            <Route key={name} path={at} component={page} />
          ))}
          <Route path="/new-channel" component={newChannelPage} />
          <Route path="/channels/:name/:tab?" component={channelPage} />
          <Route>
            <Empty text={t.common.notFound} />
          </Route>
        </Switch>
      </Suspense>
    </PageBoundary>
  );
}

/** A page that fails leaves the menu where it is. After a new build the old names of files are gone: the page is loaded again. */
class PageBoundary extends Component<{ readonly children: ReactNode }, { readonly error: unknown }> {
  override readonly state = { error: undefined as unknown };

  static getDerivedStateFromError(error: unknown): { readonly error: unknown } {
    return { error };
  }

  override componentDidCatch(error: unknown, info: ErrorInfo): void {
    console.error(error, info.componentStack);
  }

  override render(): ReactNode {
    if (this.state.error === undefined) return this.props.children;
    return <Failure error={this.state.error} onRetry={() => location.reload()} />;
  }
}
