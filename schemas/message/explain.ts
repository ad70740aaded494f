/** One line of an explained message. */
export interface ExplainedLine {
  text: string;
  /** The JSON Pointer of the value that begins on this line. */
  path: string;
  /** True if the fault points at this line. */
  wrong: boolean;
}

const linesMax = 400;

/**
 * Lays out a JSON message of a device on lines and marks the line that the fault points at: the value itself, or the object that
 * it is missing from. A text that is not JSON comes back line by line as it is.
 */
export function explainJson(text: string, faultPath: string | null): ExplainedLine[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text.split('\n').map((line) => ({ text: line, path: '', wrong: true }));
  }
  const lines = linesOf(value, '', '', '');
  if (faultPath !== null && faultPath !== '') mark(lines, faultPath);
  if (lines.length <= linesMax) return lines;
  const wrong = lines.slice(linesMax).filter((line) => line.wrong);
  return [
    ...lines.slice(0, linesMax),
    { text: `… ${lines.length - linesMax} more lines`, path: '', wrong: false },
    ...wrong,
  ];
}

function linesOf(value: unknown, path: string, indent: string, before: string): ExplainedLine[] {
  const one = (text: string): ExplainedLine => ({ text: `${indent}${text}`, path, wrong: false });
  if (typeof value !== 'object' || value === null) return [one(before + JSON.stringify(value))];
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const entries = Object.entries(value);
  if (entries.length === 0) return [one(before + open + close)];
  const inner = entries.flatMap(([name, item], i) => {
    const lines = linesOf(
      item,
      `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
      `${indent}  `,
      Array.isArray(value) ? '' : `${JSON.stringify(name)}: `,
    );
    if (i < entries.length - 1) lines[lines.length - 1].text += ',';
    return lines;
  });
  return [one(before + open), ...inner, { text: indent + close, path: `${path}/`, wrong: false }];
}

/** The deepest line that the path leads to. */
function mark(lines: ExplainedLine[], faultPath: string): void {
  for (let path = faultPath; ; path = path.slice(0, path.lastIndexOf('/'))) {
    const line = lines.find((one) => one.path === path);
    if (line !== undefined) {
      line.wrong = true;
      return;
    }
    if (path === '') return;
  }
}
