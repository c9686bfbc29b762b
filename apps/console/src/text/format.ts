/** Numbers, times and amounts as people of a language write them. */
export type Language = 'en' | 'zh';

const tags: Readonly<Record<Language, string>> = { en: 'en-GB', zh: 'zh-CN' };
const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];

export interface Format {
  count(value: number): string;
  bytes(value: number): string;
  /** 850 ms, 4.2 s, 3 min, 5 h, 2 d */
  duration(ms: number): string;
  /** Date and time to the second. */
  time(ms: number | string): string;
  percent(share: number): string;
}

export function formatOf(language: Language): Format {
  const tag = tags[language];
  const whole = new Intl.NumberFormat(tag, { maximumFractionDigits: 0 });
  const short = new Intl.NumberFormat(tag, { maximumSignificantDigits: 3 });
  const share = new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: 1 });
  const moment = new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'medium' });
  return {
    count: (value) => whole.format(value),
    bytes(value) {
      const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(value) / Math.log(1024)));
      return `${short.format(value / 1024 ** power)} ${units[power]}`;
    },
    duration(ms) {
      const [amount, unit] = amountOf(ms);
      return new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: amount < 10 ? 1 : 0 }).format(
        amount,
      );
    },
    time(ms) {
      const date = new Date(ms);
      return Number.isNaN(date.getTime()) ? String(ms) : moment.format(date);
    },
    percent: (value) => share.format(value),
  };
}

function amountOf(ms: number): readonly [number, string] {
  const steps = [
    [86_400_000, 'day'],
    [3_600_000, 'hour'],
    [60_000, 'minute'],
    [1_000, 'second'],
  ] as const;
  const [size, unit] = steps.find(([least]) => ms >= least) ?? [1, 'millisecond'];
  return [ms / size, unit];
}
