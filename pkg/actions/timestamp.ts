/**
 * Which texts are points in time that PostgreSQL reads: RFC 3339, years 0001 to 9999, days that exist.
 */
const form = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?(?:[Zz]|[+-](\d{2}):(\d{2}))$/;
/** What PostgreSQL accepts as an offset goes beyond 15 hours; no place on earth does. */
const offsetHoursMax = 15;

const daysIn = (year: number, month: number): number => new Date(Date.UTC(year % 400 || 400, month, 0)).getUTCDate();

export const isTimestamp = (text: string): boolean => {
  const match = form.exec(text);
  if (!match) return false;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, offsetHour = 0, offsetMinute = 0] = match
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return false;
  return hour < 24 && minute < 60 && second < 60 && offsetHour <= offsetHoursMax && offsetMinute < 60;
};
