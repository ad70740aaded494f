const ranges: Readonly<Record<string, string>> = { 'A-Z': 'A-Z', 'a-z': 'a-z', '0-9': 'digits' };

/**
 * A regular expression in words: `^[0-9]{4,8}$` is `4 to 8 digits`. It knows patterns of one class of ASCII letters, digits and marks with a
 * count, as ids, names and PINs have them. Null for any other pattern.
 */
export function patternText(pattern: string): string | null {
  const [, set, least, , most = least] = /^\^\[((?:[^\]\\^]|\\.)+)\]\{(\d{1,6})(,(\d{1,6}))?\}\$$/.exec(pattern) ?? [];
  if (set === undefined) return null;
  const classes: string[] = [];
  const rest = set.replaceAll(/A-Z|a-z|0-9/g, (range) => {
    classes.push(ranges[range]);
    return '';
  });
  const marks = [...rest.replaceAll(/\\(\W)/g, '$1')];
  if (
    /\\\w/.test(rest) ||
    /[^\\]-./.test(rest) ||
    marks.some((mark) => !/[!-~]/.test(mark) || /\w/.test(mark.replace('_', '')))
  )
    return null;
  const kinds = wordsFor(classes);
  if (kinds === null || kinds.length + marks.length === 0) return null;
  const named = [...kinds, ...marks];
  const list = named.length === 1 ? named[0] : `${named.slice(0, -1).join(', ')} or ${named[named.length - 1]}`;
  return least === most ? `exactly ${least} ${list}` : `${least} to ${most} ${list}`;
}

/** `letters` for both cases together; null if a range is there twice. */
function wordsFor(classes: readonly string[]): string[] | null {
  if (new Set(classes).size < classes.length) return null;
  const both = classes.includes('A-Z') && classes.includes('a-z');
  const letters = both
    ? ['letters']
    : [...(classes.includes('A-Z') ? ['capital letters'] : []), ...(classes.includes('a-z') ? ['small letters'] : [])];
  return [...letters, ...(classes.includes('digits') ? ['digits'] : [])];
}
