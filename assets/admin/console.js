// What the console's pages do better with a script. All of them work without.

// Times as the reader knows them: "5 minutes ago", or the day and hour of their own clock. Without this script they are
// UTC, and so they are on hover.
const language = document.documentElement.lang;
const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
const local = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
const SECOND = 1_000;
const UNITS = [
  ['day', 86_400 * SECOND],
  ['hour', 3_600 * SECOND],
  ['minute', 60 * SECOND],
];
const RELATIVE_WITHIN = 7 * 86_400 * SECOND;

function asRead(at, now) {
  const distance = Math.abs(at - now);
  if (distance >= RELATIVE_WITHIN) return local.format(at);
  const found = UNITS.find(([, length]) => distance >= length);
  if (!found) return relative.format(0, 'second');
  const [unit, length] = found;
  const count = Math.floor(distance / length);
  // "Yesterday" would be a day of the calendar, which 24 hours are not.
  const format = unit === 'day' ? new Intl.RelativeTimeFormat(language) : relative;
  return format.format(at < now ? -count : count, unit);
}

function showTimes() {
  const now = Date.now();
  for (const time of document.querySelectorAll('time')) {
    const text = asRead(Date.parse(time.dateTime), now);
    if (time.textContent !== text) time.textContent = text;
  }
}

showTimes();
setInterval(showTimes, 60 * SECOND);

// "Select all on this page": without this script it is not shown.
const checkAll = document.querySelector('#check-all');
if (checkAll) {
  const all = checkAll.querySelector('input');
  const boxes = [...document.querySelectorAll('input[type="checkbox"][name="user"]')];
  const follow = () => {
    const checked = boxes.filter((box) => box.checked).length;
    all.checked = checked === boxes.length;
    all.indeterminate = checked > 0 && !all.checked;
  };
  all.addEventListener('change', () => {
    for (const box of boxes) box.checked = all.checked;
  });
  for (const box of boxes) box.addEventListener('change', follow);
  // Somebody who goes back finds the boxes as they were.
  addEventListener('pageshow', follow);
  checkAll.hidden = false;
}
