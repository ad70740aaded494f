import { pointerToken } from './pointer.js';

/** A text without this holds no number that a double rounds noticeably: every number of up to 15 digits is kept. */
const manyDigits = /\d[\d.]{14}\d/;

const integerMax = BigInt(2 ** 53);

/** What to tell the sender of a number that JSON.parse would round. */
export const roundedRule = 'a number beyond 2^53 would be rounded: send it as a string';

/**
 * The JSON Pointers of the numbers of a valid JSON text that a double cannot hold: integers beyond 2^53, and larger numbers in another
 * form that come back as another number. A fraction below that is the double nearest to it. JSON.parse rounds without a word, so
 * the digits are judged.
 */
export function roundedNumbers(text: string): string[] {
  if (!manyDigits.test(text)) return [];
  const rounded: string[] = [];
  const path: { key: string; index: number }[] = [];
  const token = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[{}[\],:]/gs;
  let last = '';
  for (const [found] of text.matchAll(token)) {
    const top = path[path.length - 1];
    if (found === '{') path.push({ key: '', index: -1 });
    else if (found === '[') path.push({ key: '', index: 0 });
    else if (found === '}' || found === ']') path.pop();
    else if (found === ',' && top.index >= 0) top.index++;
    else if (found === ':') top.key = JSON.parse(last) as string;
    else if (found.length > 15 && found[0] !== '"' && isRounded(found)) rounded.push(pointerOf(path));
    last = found;
  }
  return rounded;
}

function pointerOf(path: { key: string; index: number }[]): string {
  return path.map(({ key, index }) => `/${index >= 0 ? index : pointerToken(key)}`).join('');
}

/** Whether a JSON number beyond 2^53 is another number as a double. */
function isRounded(digits: string): boolean {
  const value = Number(digits);
  if (!(Math.abs(value) >= 2 ** 53) || !Number.isFinite(value)) return false;
  if (/^-?\d+$/.test(digits)) {
    const whole = BigInt(digits);
    return whole > integerMax || whole < -integerMax;
  }
  const sent = decimalOf(digits);
  return sent !== decimalOf(String(value)) && sent !== decimalOf(BigInt(value).toString());
}

/** A number in one form for each value: its digits without zeros at the ends, and the power of ten of the last of them. */
function decimalOf(number: string): string {
  const [, sign, whole, fraction = '', power = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(number) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const kept = digits.replace(/0+$/, '');
  return `${sign}${kept}e${Number(power) - fraction.length + digits.length - kept.length}`;
}
