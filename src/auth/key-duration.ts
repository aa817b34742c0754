const SECOND = 1000;
const UNIT_MS: Readonly<Record<string, number>> = {
  s: SECOND,
  m: 60 * SECOND,
  h: 3600 * SECOND,
  d: 24 * 3600 * SECOND,
  w: 7 * 24 * 3600 * SECOND,
};
const MAX_YEARS = 100;

/** Form of a duration: a positive whole number and s, m, h, d, w or mo (calendar months). */
export const DURATION = /^([1-9]\d{0,9})(s|m|h|d|w|mo)$/;

/** The moment a duration after `from`; null when the text is no duration or reaches too far. */
export function addDuration(from: Date, duration: string): Date | null {
  const [, digits, unit] = DURATION.exec(duration) ?? [];
  if (digits === undefined || unit === undefined) return null;
  const amount = Number(digits);
  const end =
    unit === 'mo' ? addMonths(from, amount) : new Date(from.getTime() + amount * (UNIT_MS[unit] ?? Number.NaN));
  const latest = addMonths(from, MAX_YEARS * 12);
  return Number.isNaN(end.getTime()) || end > latest ? null : end;
}

/** The same day of a later month, or its last day when it is shorter. */
function addMonths(from: Date, months: number): Date {
  const end = new Date(from);
  end.setUTCMonth(end.getUTCMonth() + months);
  if (end.getUTCDate() !== from.getUTCDate()) end.setUTCDate(0);
  return end;
}
