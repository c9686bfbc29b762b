/** Ctrl-K: goes to a page or a channel by any of its names, in both languages; otter's words are among them. */
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { useLive } from '../api/live.js';
import { Button } from '../parts/button.js';
import { Dialog } from '../parts/dialog.js';
import { TextField } from '../parts/field.js';
import { allTexts, useWords } from '../text/context.js';
import { places } from './places.js';

interface Target {
  readonly path: string;
  readonly title: string;
  readonly words: readonly string[];
}

export function Find() {
  const { t } = useWords();
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      setOpen(true);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  return (
    <>
      <Button look="quiet" onPress={() => setOpen(true)}>
        {t.find.open} <kbd className="wide-only">Ctrl K</kbd>
      </Button>
      {isOpen && (
        <Dialog title={t.find.title} onClose={() => setOpen(false)}>
          <Choices onDone={() => setOpen(false)} />
        </Dialog>
      )}
    </>
  );
}

function Choices({ onDone }: { readonly onDone: () => void }) {
  const { t } = useWords();
  const [, go] = useLocation();
  const [asked, setAsked] = useState('');
  const found = useTargets().filter(({ words }) => words.some((word) => word.toLowerCase().includes(asked.trim().toLowerCase())));
  const open = (target: Target | undefined): void => {
    if (!target) return;
    go(target.path);
    onDone();
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        open(found[0]);
      }}
    >
      <TextField label={t.find.placeholder} type="search" value={asked} onChange={setAsked} />
      <ul className="choices">
        {found.slice(0, 12).map((target) => (
          <li key={target.path}>
            <Button look="quiet" onPress={() => open(target)}>
              {target.title}
            </Button>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p>{t.find.none}</p>}
      <div className="row end">
        <Button look="quiet" onPress={onDone}>
          {t.common.close}
        </Button>
      </div>
    </form>
  );
}

function useTargets(): readonly Target[] {
  const { t } = useWords();
  const { status } = useLive();
  const named = [...places, { name: 'newChannel', path: '/new-channel' } as const];
  const pages = named.map(({ name, path }) => ({
    path,
    title: t.nav[name],
    words: allTexts.flatMap(({ nav, words }) => [nav[name], ...words[name]]),
  }));
  const channels = (status?.channels ?? []).map(({ name }) => ({ path: `/channels/${name}`, title: name, words: [name] }));
  return [...pages, ...channels];
}
