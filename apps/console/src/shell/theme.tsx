/** Light, dark, or as the system has it. */
import { useState } from 'react';
import { SelectField } from '../parts/field.js';
import { useWords } from '../text/context.js';
import { recall, remember } from '../text/kept.js';

type Theme = 'auto' | 'light' | 'dark';

export function keptTheme(): Theme {
  const kept = recall('theme');
  return kept === 'light' || kept === 'dark' ? kept : 'auto';
}

export function applyTheme(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme;
}

export function ThemeField() {
  const { t } = useWords();
  const [theme, setTheme] = useState(keptTheme);
  const choose = (value: string): void => {
    const chosen = value as Theme;
    remember('theme', chosen);
    applyTheme(chosen);
    setTheme(chosen);
  };
  const options = (['auto', 'light', 'dark'] as const).map((value) => [value, t.theme[value]] as const);
  return <SelectField label={t.theme.label} value={theme} onChange={choose} options={options} />;
}

export function LanguageField() {
  const { t, language, choose } = useWords();
  const options = [
    ['en', 'English'],
    ['zh', '中文'],
  ] as const;
  return <SelectField label={t.language} value={language} onChange={(value) => choose(value === 'zh' ? 'zh' : 'en')} options={options} />;
}
