import fc from "fast-check";
import { expect, test } from "vitest";
import { nextTime } from "../../src/reconcile/cron-next.ts";
import { parseCron } from "../../src/spec/cron.ts";

const MINUTE = 60_000;

function field(from: number, to: number): fc.Arbitrary<string> {
  const number = fc.integer({ min: from, max: to });
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant("*") },
    number.map(String),
    fc.tuple(number, number).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    fc.integer({ min: 1, max: 20 }).map((step) => `*/${step}`),
    fc.array(number, { minLength: 1, maxLength: 3 }).map((list) => list.join(",")),
  );
}

const TIME = fc.integer({ min: Date.UTC(2023, 0), max: Date.UTC(2033, 0) });
const ZONE = fc.constantFrom(
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "Asia/Kolkata",
  "Australia/Lord_Howe",
);

/** Whether a clock on the wall shows what the schedule says, asked of another part of Intl. */
function shows(text: string, time: number, zone: string): boolean {
  const cron = parseCron(text);
  const wall = new Date(time).toLocaleString("sv-SE", { timeZone: zone }); // 2026-11-27 18:35:00
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = wall.split(/\D/).map(Number);
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
  const [byDay, byWeekday] = [cron.days.includes(day), cron.weekdays.includes(weekday)];
  return (
    cron.minutes.includes(minute) &&
    cron.hours.includes(hour) &&
    cron.months.includes(month) &&
    (cron.eitherDay ? byDay || byWeekday : byDay && byWeekday)
  );
}

test("the next time shows what the schedule says, and no minute before it does", () => {
  const hourly = fc.tuple(field(0, 59), field(0, 23)).map(([minute, hour]) => `${minute} ${hour} * * *`);
  fc.assert(
    fc.property(hourly, TIME, ZONE, (text, after, zone) => {
      const next = nextTime(parseCron(text), after, zone);
      if (next === undefined) throw new Error("never");
      expect(next % MINUTE).toBe(0);
      expect(next).toBeGreaterThan(after);
      expect(shows(text, next, zone)).toBe(true);
      for (let time = (Math.floor(after / MINUTE) + 1) * MINUTE; time < next; time += MINUTE)
        if (shows(text, time, zone)) throw new Error(`${new Date(time).toISOString()} was left out`);
    }),
    { numRuns: 60 },
  );
});

test("whatever the days: the next time shows them, and asked from just before it, it is the same", () => {
  const any = fc
    .tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 7))
    .map((fields) => fields.join(" "));
  fc.assert(
    fc.property(any, TIME, ZONE, (text, after, zone) => {
      const next = nextTime(parseCron(text), after, zone);
      if (next === undefined) return; // both kinds of days, which meet in no year of the horizon
      expect(next).toBeGreaterThan(after);
      expect(shows(text, next, zone)).toBe(true);
      expect(nextTime(parseCron(text), next - 1, zone)).toBe(next);
      expect(nextTime(parseCron(text), Math.floor((after + next) / 2), zone)).toBe(next);
    }),
  );
});

test.each([
  // Summer time begins in Berlin on 2026-03-29: 02:30 does not come. It ends on 2026-10-25: 02:30 comes twice.
  ["30 2 * * *", "2026-03-28T12:00Z", "Europe/Berlin", "2026-03-30T00:30:00.000Z"],
  ["30 2 * * *", "2026-10-24T12:00Z", "Europe/Berlin", "2026-10-25T00:30:00.000Z"],
  ["30 2 * * *", "2026-10-25T00:30Z", "Europe/Berlin", "2026-10-25T01:30:00.000Z"],
  ["0 0 29 2 *", "2096-03-01T00:00Z", "UTC", "2104-02-29T00:00:00.000Z"],
  ["0 0 13 * 5", "2026-11-01T00:00Z", "UTC", "2026-11-06T00:00:00.000Z"],
  ["* * * * *", "2026-11-27T18:35:00Z", "UTC", "2026-11-27T18:36:00.000Z"],
])("%s after %s in %s", (text, after, zone, expected) => {
  const next = nextTime(parseCron(text), Date.parse(after), zone);
  expect(new Date(next ?? 0).toISOString()).toBe(expected);
});
