/** The language of the page: the browser's, until somebody chooses; the choice is kept in the browser. */
import { createContext, useContext, useEffect, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { en } from './en.js';
import type { Text } from './en.js';
import { formatOf } from './format.js';
import type { Format, Language } from './format.js';
import { zh } from './zh.js';
import { recall, remember } from './kept.js';

const texts: Readonly<Record<Language, Text>> = { en, zh };

interface Words {
  readonly language: Language;
  readonly t: Text;
  readonly format: Format;
  choose(language: Language): void;
}

const Context = createContext<Words | null>(null);

function first(): Language {
  const kept = recall('language');
  if (kept === 'en' || kept === 'zh') return kept;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

export function WordsProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState(first);
  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  }, [language]);
  const words = useMemo(() => {
    const choose = (chosen: Language): void => {
      remember('language', chosen);
      setLanguage(chosen);
    };
    return { language, t: texts[language], format: formatOf(language), choose };
  }, [language]);
  return <Context value={words}>{children}</Context>;
}

export function useWords(): Words {
  const words = useContext(Context);
  if (!words) throw new Error('there is no language around this');
  return words;
}

/** The texts that are found by a word in any language. */
export const allTexts: readonly Text[] = [en, zh];
