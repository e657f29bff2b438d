const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/**
 * Formats a date in local time like Python's `strftime`, always in English.
 * @throws `RangeError` for an unknown directive.
 */
export function strftime(date: Date, format: string): string {
  const two = (value: number, fill = "0"): string => String(value).padStart(2, fill);
  const hour = date.getHours();
  const firstDay = new Date(date.getFullYear(), 0, 1);
  // Count days from noon to noon, so that daylight saving time has no effect.
  const dayOfYear =
    1 +
    Math.round(
      (new Date(date.getFullYear(), date.getMonth(), date.getDate(), 12).getTime() -
        firstDay.setHours(12)) /
        86_400_000,
    );
  const fields: Readonly<Record<string, string>> = {
    Y: String(date.getFullYear()),
    y: two(date.getFullYear() % 100),
    m: two(date.getMonth() + 1),
    d: two(date.getDate()),
    e: two(date.getDate(), " "),
    j: String(dayOfYear).padStart(3, "0"),
    B: months[date.getMonth()]!,
    b: months[date.getMonth()]!.slice(0, 3),
    h: months[date.getMonth()]!.slice(0, 3),
    A: days[date.getDay()]!,
    a: days[date.getDay()]!.slice(0, 3),
    w: String(date.getDay()),
    u: String(date.getDay() || 7),
    H: two(hour),
    I: two(hour % 12 || 12),
    M: two(date.getMinutes()),
    S: two(date.getSeconds()),
    f: String(date.getMilliseconds() * 1000).padStart(6, "0"),
    p: hour < 12 ? "AM" : "PM",
    "%": "%",
  };
  const written: Readonly<Record<string, string>> = {
    F: "%Y-%m-%d",
    T: "%H:%M:%S",
    R: "%H:%M",
    D: "%m/%d/%y",
    x: "%m/%d/%y",
    X: "%H:%M:%S",
    c: "%a %b %e %H:%M:%S %Y",
  };
  return format.replaceAll(/%(-?)(.)/gsu, (directive, dash: string, letter: string) => {
    const whole = written[letter];
    if (whole !== undefined) return strftime(date, whole);
    const value = fields[letter];
    if (value === undefined) {
      throw new RangeError(
        `strftime: format must contain only known directives, got ${JSON.stringify(directive)}`,
      );
    }
    // `%-d` removes the padding of a number.
    return dash === "" ? value : value.replace(/^[0 ]+(?=.)/u, "");
  });
}
