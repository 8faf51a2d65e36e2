let atSecond = 0;
let text = '';

/** The `Date` of an answer (RFC 9110, 6.6.1), made anew once a second. */
export function httpDate(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== atSecond) {
    atSecond = second;
    text = new Date(second * 1000).toUTCString();
  }
  return text;
}
