import type { Cron } from "./project.ts";
import { InvalidValue } from "./report.ts";

const MACROS: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
/** February has 29 now and then. */
const LONGEST = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

interface Field {
  readonly what: string;
  readonly from: number;
  readonly to: number;
  readonly names?: readonly string[];
}

const FIELDS: readonly [Field, Field, Field, Field, Field] = [
  { what: "minute", from: 0, to: 59 },
  { what: "hour", from: 0, to: 23 },
  { what: "day of the month", from: 1, to: 31 },
  { what: "month", from: 1, to: 12, names: MONTHS },
  { what: "day of the week", from: 0, to: 7, names: WEEKDAYS },
];

/** Five fields, or one of cron's own words such as `@daily`. Throws InvalidValue, also for a time that never comes. */
export function parseCron(text: string): Cron {
  const trimmed = text.trim();
  const words = (Object.hasOwn(MACROS, trimmed) ? (MACROS[trimmed] ?? "") : trimmed).split(/\s+/);
  const [minute, hour, day, month, weekday, ...rest] = words;
  if (weekday === undefined || rest.length > 0)
    throw new InvalidValue(
      `expected minute, hour, day, month and weekday, such as "*/5 * * * *", or one of ${Object.keys(MACROS).join(", ")}, got "${text}"`,
    );
  const days = parseField(day ?? "", FIELDS[2]);
  const months = parseField(month ?? "", FIELDS[3]);
  const cron = {
    minutes: parseField(minute ?? "", FIELDS[0]),
    hours: parseField(hour ?? "", FIELDS[1]),
    days,
    months,
    weekdays: [...new Set(parseField(weekday, FIELDS[4]).map((value) => value % 7))].sort((a, b) => a - b),
    eitherDay: !(day ?? "").startsWith("*") && !weekday.startsWith("*"),
  };
  const comes = months.some((one) => days.some((value) => value <= (LONGEST[one - 1] ?? 0)));
  if (!comes && !cron.eitherDay) throw new InvalidValue(`"${text}" never comes`);
  return cron;
}

function parseField(text: string, field: Field): readonly number[] {
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const [, range = "", step] = /^(\*|\w+(?:-\w+)?)(?:\/(\d{1,3}))?$/.exec(part) ?? [];
    const [first, last] = range === "*" ? [field.from, field.to] : rangeOf(range, step !== undefined, field);
    const by = step === undefined ? 1 : Number(step);
    if (Number.isNaN(first) || Number.isNaN(last) || first > last || by < 1)
      throw new InvalidValue(`"${part}" is no ${field.what} of a schedule (${field.from} to ${field.to})`);
    for (let value = first; value <= last; value += by) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

/** `5`, `1-5`, `mon-fri`; `5/10` goes on to the end. NaN where it is none of these. */
function rangeOf(text: string, open: boolean, field: Field): readonly [number, number] {
  const [from = "", to] = text.split("-");
  const first = valueOf(from, field);
  return [first, to === undefined ? (open ? field.to : first) : valueOf(to, field)];
}

function valueOf(text: string, { from, to, names = [] }: Field): number {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return named + from;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return value >= from && value <= to ? value : Number.NaN;
}
