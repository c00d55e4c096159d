import type { Cron } from "../spec/project.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** 29 February comes every eighth year at the latest. */
const HORIZON = 9 * 366 * 24 * HOUR;

/** What a clock on the wall shows. */
interface Wall {
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  readonly month: number;
  readonly weekday: number;
}

/**
 * The first full minute after a time (ms since the epoch) at which the clocks of a time zone show what the schedule says;
 * undefined when there is none. An hour that summer time leaves out has no runs, one that comes twice has them twice.
 */
export function nextTime(cron: Cron, after: number, zone: string): number | undefined {
  let time = (Math.floor(after / MINUTE) + 1) * MINUTE;
  for (const last = after + HORIZON; time <= last;) {
    const wall = wallAt(time, zone);
    if (!dayMatches(cron, wall)) time += toLaterThatDay(wall);
    else if (!cron.hours.includes(wall.hour)) time += HOUR - wall.minute * MINUTE;
    else if (!cron.minutes.includes(wall.minute)) time += MINUTE;
    else return time;
  }
  return undefined;
}

/** To 23:00, then to the next day: a change of an hour in between leads no further than to midnight. */
function toLaterThatDay({ hour, minute }: Wall): number {
  const hours = hour < 23 ? 23 - hour : 1;
  return hours * HOUR - minute * MINUTE;
}

function dayMatches({ days, months, weekdays, eitherDay }: Cron, { day, month, weekday }: Wall): boolean {
  if (!months.includes(month)) return false;
  const [byDay, byWeekday] = [days.includes(day), weekdays.includes(weekday)];
  return eitherDay ? byDay || byWeekday : byDay && byWeekday;
}

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
/** Making one costs a thousand times what using it does. */
const FORMATS = new Map<string, Intl.DateTimeFormat>();

function wallAt(time: number, zone: string): Wall {
  if (zone === "UTC") {
    const date = new Date(time);
    return {
      minute: date.getUTCMinutes(),
      hour: date.getUTCHours(),
      day: date.getUTCDate(),
      month: date.getUTCMonth() + 1,
      weekday: date.getUTCDay(),
    };
  }
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
  for (const { type, value } of formatOf(zone).formatToParts(time)) parts[type] = value;
  return {
    minute: Number(parts.minute),
    hour: Number(parts.hour),
    day: Number(parts.day),
    month: Number(parts.month),
    weekday: WEEKDAYS.indexOf(parts.weekday ?? ""),
  };
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = FORMATS.get(timeZone);
  if (known !== undefined) return known;
  const numeric = "numeric";
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "gregory",
    hourCycle: "h23",
    minute: numeric,
    hour: numeric,
    day: numeric,
    month: numeric,
    weekday: "short",
  });
  FORMATS.set(timeZone, made);
  return made;
}
